//! What confidence becomes once it is repaired, measured on records that the repair has not seen.

use qualm_stats::random::hash_bytes;

use super::By;
use crate::recalibrate::{Answers, Method};
use crate::records::{Record, Stated};
use crate::{ConfidenceError, Kind, Status};

/// How confidence is repaired before it is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Repair {
    /// The recalibrator.
    pub method: Method,
    /// The folds of cross-validation.
    pub folds: usize,
    /// What puts records into folds.
    pub seed: u64,
}

/// The same records with repaired confidences: within the group `train` by cross-validation and in
/// all others by what was fitted to the whole of that group; without `train`, within each group by
/// cross-validation. No record is repaired by what was fitted to it.
///
/// # Errors
/// As [`cross_validated`] and [`repaired_from`].
pub fn repaired(
    records: &[Record],
    by: Option<&By>,
    train: Option<&str>,
    repair: &Repair,
) -> Result<Vec<Record>, ConfidenceError> {
    let group = |record: &Record| by.and_then(|by| by.group(record).map(str::to_owned));
    let mut groups: Vec<(Option<String>, Vec<usize>)> = Vec::new();
    for (row, record) in records.iter().enumerate() {
        let name = group(record);
        match groups.iter_mut().find(|(of, _)| *of == name) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((name, vec![row])),
        }
    }
    let those = |rows: &[usize]| rows.iter().map(|&row| &records[row]).collect::<Vec<_>>();
    let home = groups
        .iter()
        .find(|(name, _)| train.is_some() && name.as_deref() == train);
    let home = home.map(|(_, rows)| those(rows));
    let mut all = records.to_vec();
    for (name, rows) in &groups {
        let of_group = those(rows);
        let repaired = match &home {
            Some(home) if name.as_deref() != train => {
                repaired_from(home, &of_group, &repair.method)
            }
            _ => cross_validated(&of_group, repair),
        };
        for (&row, record) in rows.iter().zip(repaired?) {
            all[row] = record;
        }
    }
    Ok(all)
}

/// Records whose confidences of one-valued kinds are replaced by what a method makes of them when
/// it is fitted to the records of the other folds. A record's fold follows from its source, or its
/// id, and the seed; records of one source never stand on both sides.
///
/// # Errors
/// [`ConfidenceError::Values`] for fewer than two folds, and where a fold leaves nothing to learn
/// from.
pub fn cross_validated(
    records: &[&Record],
    repair: &Repair,
) -> Result<Vec<Record>, ConfidenceError> {
    let folds = repair.folds;
    if folds < 2 {
        return Err(ConfidenceError::Values(format!(
            "{folds} folds leave nothing to fit to: use at least 2"
        )));
    }
    let fold = |record: &Record| {
        let name = record.source.as_ref().unwrap_or(&record.id);
        (hash_bytes(repair.seed, name.as_bytes()) % folds as u64) as usize
    };
    let mut repaired: Vec<Record> = records.iter().map(|record| (*record).clone()).collect();
    for kind in Kind::ALL {
        let rows: Vec<(usize, usize, f64, bool)> = records
            .iter()
            .enumerate()
            .filter_map(|(row, record)| {
                let value = record.confidence(kind)?.value?;
                Some((row, fold(record), value, record.correct()?))
            })
            .collect();
        for held_out in 0..folds {
            let of = |wanted: bool| rows.iter().filter(move |row| (row.1 == held_out) == wanted);
            let asked: Vec<f64> = of(true).map(|row| row.2).collect();
            if asked.is_empty() {
                continue;
            }
            let (stated, correct): (Vec<f64>, Vec<bool>) =
                of(false).map(|row| (row.2, row.3)).unzip();
            let answers = Answers::new(&stated, &correct).map_err(|error| {
                ConfidenceError::Values(format!("{kind}, without fold {held_out}: {error}"))
            })?;
            let values = repair
                .method
                .fit_confidence(&answers)?
                .recalibrator
                .apply(&asked)?;
            for (row, value) in of(true).zip(values) {
                replace(&mut repaired[row.0], kind, value);
            }
        }
    }
    Ok(repaired)
}

/// Other records, whose confidences of one-valued kinds are replaced by what `method` makes of them
/// when it is fitted to `train`: what repair at home is worth away. Kinds that `train` does not
/// state stay as they are.
///
/// # Errors
/// [`ConfidenceError::Values`] where there is nothing to learn from.
pub fn repaired_from(
    train: &[&Record],
    others: &[&Record],
    method: &Method,
) -> Result<Vec<Record>, ConfidenceError> {
    let mut repaired: Vec<Record> = others.iter().map(|record| (*record).clone()).collect();
    for kind in Kind::ALL {
        let (stated, correct): (Vec<f64>, Vec<bool>) = train
            .iter()
            .filter_map(|record| Some((record.confidence(kind)?.value?, record.correct()?)))
            .unzip();
        if stated.is_empty() {
            continue;
        }
        let answers = Answers::new(&stated, &correct)
            .map_err(|error| ConfidenceError::Values(format!("{kind}: {error}")))?;
        let fitted = method.fit_confidence(&answers)?.recalibrator;
        for record in &mut repaired {
            if let Some(value) = record.confidence(kind).and_then(|stated| stated.value) {
                let value = fitted.apply(&[value])?;
                replace(record, kind, value[0]);
            }
        }
    }
    Ok(repaired)
}

fn replace(record: &mut Record, kind: Kind, value: f64) {
    for stated in record
        .confidence
        .iter_mut()
        .filter(|stated| stated.kind == kind)
    {
        *stated = Stated {
            status: Some(Status::Point),
            ..Stated::point(kind, value)
        };
    }
}

#[cfg(test)]
mod tests {
    use qualm_stats::Stream;

    use super::*;
    use crate::measures::{Binning, Levels, expected_error};

    fn by(method: Method, folds: usize) -> Repair {
        Repair {
            method,
            folds,
            seed: 1,
        }
    }

    #[test]
    fn a_planted_miscalibration_is_repaired_on_unseen_records() {
        let mut stream = Stream::new(9, 0);
        let records: Vec<Record> = (0..2000)
            .map(|row| {
                let value = stream.unit();
                Record {
                    id: row.to_string(),
                    correct: Some(stream.unit() < value / 2.0),
                    confidence: vec![Stated::point(Kind::PTrue, value)],
                    ..Record::default()
                }
            })
            .collect();
        let rows: Vec<&Record> = records.iter().collect();
        let error = |records: &[Record]| {
            let stated: Vec<f64> = records
                .iter()
                .map(|r| r.confidence[0].value.unwrap())
                .collect();
            let correct: Vec<bool> = records.iter().map(|r| r.correct.unwrap()).collect();
            expected_error(
                &Levels::new(&stated, &correct).unwrap(),
                Binning::EqualWidth(15),
            )
        };
        let repaired = cross_validated(&rows, &by(Method::Isotonic, 5)).unwrap();
        assert!(error(&records) > 0.2 && error(&repaired) < 0.05);
        assert!(cross_validated(&rows, &by(Method::Isotonic, 1)).is_err());
        let (train, others) = rows.split_at(1000);
        let repaired = repaired_from(train, others, &Method::Isotonic).unwrap();
        assert!(error(&repaired) < 0.07);
    }

    #[test]
    fn absent_values_stay_absent_and_one_class_is_refused() {
        let record = |id: &str, right, stated| Record {
            id: id.into(),
            correct: Some(right),
            confidence: vec![stated],
            ..Record::default()
        };
        let absent = record(
            "a",
            true,
            Stated::without_value(Kind::PTrue, Status::Refusal),
        );
        let repaired = cross_validated(&[&absent], &by(Method::Platt, 2)).unwrap();
        assert_eq!(repaired, [absent]);
        let right: Vec<Record> = (0..9)
            .map(|row| record(&row.to_string(), true, Stated::point(Kind::PTrue, 0.5)))
            .collect();
        let rows: Vec<&Record> = right.iter().collect();
        let error = cross_validated(&rows, &by(Method::Platt, 3))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("p_true") && error.contains("fold"),
            "{error}"
        );
    }
}
