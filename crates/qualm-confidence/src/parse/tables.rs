//! The figures of the lexicons, in percent.
//!
//! CAPphrase: Kucharski AJ (2026), "CAPphrase: Comparative and Absolute Probability phrase dataset",
//! DOI 10.5281/zenodo.18750055, CC BY 4.0 (<https://creativecommons.org/licenses/by/4.0/>). Changes:
//! quantiles are computed here from its judgements, without those more than 4 standard deviations
//! from a phrase's mean, which is its authors' rule. The official scales are as transcribed there.
//!
//! `PROBLY`: zonination/perceptions, copyright 2016 Zoni Nation, MIT licence; quantiles are computed
//! here.

/// A phrase, its median, and its 5 % and 95 % quantiles, or the ends of its interval.
pub(super) type Row = (&'static str, f64, f64, f64);

/// A phrase and the ends of its interval.
pub(super) type Interval = (&'static str, f64, f64);

pub(super) const CAPPHRASE: &[Row] = &[
    ("Will Happen", 100.0, 90.0, 100.0),
    ("Almost Certain", 95.0, 88.0, 99.0),
    ("Highly Likely", 90.0, 75.0, 95.0),
    ("Very Good Chance", 80.0, 65.0, 90.0),
    ("Likely", 75.0, 60.0, 90.0),
    ("Probable", 75.0, 51.0, 90.0),
    ("Better than Even", 60.0, 51.0, 70.0),
    ("Realistic Possibility", 60.0, 20.0, 85.0),
    ("About Even", 50.0, 49.0, 51.0),
    ("May Happen", 40.0, 10.0, 70.0),
    ("Might Happen", 40.0, 10.0, 66.0),
    ("Could Happen", 40.0, 10.0, 70.0),
    ("Unlikely", 20.0, 5.0, 40.0),
    ("Improbable", 10.0, 1.0, 33.0),
    ("Chances are Slight", 10.0, 3.0, 30.0),
    ("Little Chance", 10.0, 2.0, 25.0),
    ("Remote Chance", 5.0, 1.0, 20.0),
    ("Highly Unlikely", 5.0, 1.0, 20.0),
    ("Almost No Chance", 2.0, 1.0, 10.0),
];

pub(super) const PROBLY: &[Row] = &[
    ("Almost Certainly", 95.0, 81.25, 99.0),
    ("Highly Likely", 90.0, 71.25, 96.75),
    ("Very Good Chance", 80.0, 70.0, 90.0),
    ("Probable", 70.0, 51.0, 88.75),
    ("Likely", 70.0, 60.0, 90.0),
    ("Probably", 75.0, 52.0, 88.75),
    ("We Believe", 70.0, 50.0, 90.0),
    ("Better Than Even", 60.0, 51.0, 77.25),
    ("About Even", 50.0, 45.75, 50.0),
    ("We Doubt", 25.0, 5.0, 60.0),
    ("Improbable", 15.0, 1.0, 49.0),
    ("Unlikely", 20.0, 5.0, 35.0),
    ("Probably Not", 26.5, 10.0, 48.0),
    ("Little Chance", 15.0, 5.0, 25.0),
    ("Almost No Chance", 2.0, 1.0, 10.0),
    ("Highly Unlikely", 5.0, 3.0, 23.75),
    ("Chances Are Slight", 10.0, 5.0, 30.0),
];

pub(super) const IPCC: &[Interval] = &[
    ("Virtually certain", 99.0, 100.0),
    ("Extremely likely", 95.0, 100.0),
    ("Very likely", 90.0, 100.0),
    ("Likely", 66.0, 100.0),
    ("About as likely as not", 33.0, 66.0),
    ("Unlikely", 0.0, 33.0),
    ("Very unlikely", 0.0, 10.0),
    ("Extremely unlikely", 0.0, 5.0),
    ("Exceptionally unlikely", 0.0, 1.0),
];

pub(super) const US: &[Interval] = &[
    ("Almost certain", 95.0, 99.0),
    ("Very likely", 80.0, 95.0),
    ("Likely", 55.0, 80.0),
    ("Roughly even chance", 45.0, 55.0),
    ("Unlikely", 20.0, 45.0),
    ("Very unlikely", 5.0, 20.0),
    ("Almost no chance", 1.0, 5.0),
    ("Remote chance", 1.0, 5.0),
];

pub(super) const UK: &[Interval] = &[
    ("Almost certain", 95.0, 100.0),
    ("Highly likely", 80.0, 90.0),
    ("Likely", 55.0, 75.0),
    ("Probable", 55.0, 75.0),
    ("Realistic possibility", 40.0, 50.0),
    ("Unlikely", 25.0, 35.0),
    ("Highly unlikely", 10.0, 20.0),
    ("Remote chance", 0.0, 5.0),
];

pub(super) const NATO: &[Interval] = &[
    ("Highly likely", 90.0, 100.0),
    ("Likely", 60.0, 90.0),
    ("Even chance", 40.0, 60.0),
    ("Unlikely", 10.0, 40.0),
    ("Highly unlikely", 0.0, 10.0),
];

pub(super) const EFSA: &[Interval] = &[
    ("Almost certain", 99.0, 100.0),
    ("Extremely likely", 95.0, 99.0),
    ("Very likely", 90.0, 95.0),
    ("Likely", 66.0, 90.0),
    ("About as likely as not", 33.0, 66.0),
    ("Unlikely", 10.0, 33.0),
    ("Very unlikely", 5.0, 10.0),
    ("Extremely unlikely", 1.0, 5.0),
    ("Almost impossible", 0.0, 1.0),
];

/// The five classes that CalibratedMath (Lin, Hilton, Evans 2022) asks for, in fifths.
pub(super) const LEVELS: [(&str, f64, f64, f64); 5] = [
    ("lowest", 0.1, 0.0, 0.2),
    ("low", 0.3, 0.2, 0.4),
    ("medium", 0.5, 0.4, 0.6),
    ("high", 0.7, 0.6, 0.8),
    ("highest", 0.9, 0.8, 1.0),
];
