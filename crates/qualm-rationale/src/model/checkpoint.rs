use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use qualm_data::{AtomicFile, DataError};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use crate::RationaleError;
use crate::model::classifier::Classifier;
use crate::model::method::Method;
use crate::model::sequence::Unit;
use crate::model::vocabulary::Vocabulary;

/// The key under which the file says what it is.
const KEY: &str = "qualm.rationale";
/// Bytes of a file at most.
const MOST_BYTES: u64 = 1 << 30;

/// All of a classifier but its parameters.
#[derive(Serialize, Deserialize)]
struct Description {
    version: u32,
    method: String,
    unit: String,
    longest: usize,
    width: usize,
    classes: Vec<String>,
    words: Vec<String>,
}

impl Classifier {
    /// Writes the classifier as safetensors: its parameters as one array, all else as JSON beside
    /// them. The file loads on any machine.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), RationaleError> {
        let description = Description {
            version: 1,
            method: self.method.to_string(),
            unit: self.unit.word().to_owned(),
            longest: self.longest,
            width: self.layout.sizes.width,
            classes: self.classes.clone(),
            words: self.words.words().to_vec(),
        };
        let io = |error| DataError::io(path, "write", error);
        let text = serde_json::to_string(&description).map_err(|e| io(e.into()))?;
        let bytes: Vec<u8> = self
            .parameters
            .iter()
            .flat_map(|p| p.to_le_bytes())
            .collect();
        let shape = vec![self.parameters.len()];
        let view = TensorView::new(Dtype::F32, shape, &bytes)
            .map_err(|e| DataError::malformed(path.display().to_string(), e.to_string()))?;
        let metadata = Some(HashMap::from([(KEY.to_owned(), text)]));
        let whole = safetensors::serialize([("parameters", view)], metadata);
        let whole =
            whole.map_err(|e| DataError::malformed(path.display().to_string(), e.to_string()))?;
        AtomicFile::save(path, |file| file.write_all(&whole)).map_err(RationaleError::from)
    }

    /// Reads what [`Classifier::save`] wrote.
    ///
    /// # Errors
    /// [`RationaleError::Data`] that names the file: when it cannot be read, is something else, or
    /// does not hold what it says.
    pub fn load(path: &Path) -> Result<Self, RationaleError> {
        let name = path.display().to_string();
        let wrong = |problem: String| DataError::malformed(&name, problem);
        let size = std::fs::metadata(path).map_err(|error| DataError::io(path, "open", error))?;
        if size.len() > MOST_BYTES {
            return Err(wrong("the file is larger than any such model".to_owned()).into());
        }
        let bytes = std::fs::read(path).map_err(|error| DataError::io(path, "read", error))?;
        let not_ours = |why: String| {
            wrong(format!(
                "no model of `qualm rationale train` ({why}); give one that it wrote"
            ))
        };
        let (_, header) =
            SafeTensors::read_metadata(&bytes).map_err(|e| not_ours(e.to_string()))?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let text = metadata
            .get(KEY)
            .ok_or_else(|| not_ours("no description".to_owned()))?;
        let description: Description =
            serde_json::from_str(text).map_err(|e| not_ours(e.to_string()))?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(|e| not_ours(e.to_string()))?;
        let view = tensors
            .tensor("parameters")
            .map_err(|e| not_ours(e.to_string()))?;
        if description.version != 1 {
            let problem = format!(
                "version {} was written by a newer qualm; use that one",
                description.version
            );
            return Err(wrong(problem).into());
        }
        let method = Method::parse(&description.method)?;
        let unit = match description.unit.as_str() {
            "token" => Unit::Token,
            "sentence" => Unit::Sentence,
            other => return Err(wrong(format!("`{other}` is no unit")).into()),
        };
        let words = Vocabulary::from_words(description.words);
        let classes = description.classes.len();
        // Whatever sizes the file claims, its parameters must be there before anything is made.
        let fits = view.dtype() == Dtype::F32
            && (2..=1 << 20).contains(&classes)
            && (1..=1 << 16).contains(&description.width)
            && (1..=1 << 24).contains(&description.longest);
        let layout = fits.then(|| Self::layout(&method, &words, classes, description.width));
        let layout = layout.filter(|layout| layout.len() * 4 == view.data().len());
        let layout =
            layout.ok_or_else(|| wrong("its sizes do not fit its parameters".to_owned()))?;
        let four = view.data().chunks_exact(4);
        let parameters: Vec<f32> = four
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        if let Some(at) = parameters.iter().position(|p| !p.is_finite()) {
            return Err(wrong(format!("parameter {at} is {}", parameters[at])).into());
        }
        Ok(Self {
            method,
            unit,
            longest: description.longest,
            classes: description.classes,
            words,
            layout,
            parameters,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::planted_reviews;
    use crate::model::{Material, Training, train};

    #[test]
    fn what_is_read_is_what_was_written_and_all_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let (training, validation) = (planted_reviews("a", 60, 1), planted_reviews("b", 20, 2));
        let options = Training {
            epochs: 1,
            width: 8,
            ..Training::default()
        };
        let method = Method::parse("vib-sup(ratio=.2)").unwrap();
        let material = Material::new(&training, &validation);
        let trained = train(method, &options, material, &mut |_| {});
        let (model, _) = trained.unwrap();
        model.save(&path).unwrap();
        let again = Classifier::load(&path).unwrap();
        let inputs = validation.inputs();
        assert_eq!(model.read(&inputs), again.read(&inputs));

        let bytes = std::fs::read(&path).unwrap();
        for cut in [0, 7, 100, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            let error = Classifier::load(&path).unwrap_err().to_string();
            assert!(error.contains("no model of"), "{error}");
        }
        let text = String::from_utf8_lossy(&bytes[..200]).into_owned();
        assert!(text.contains("width\\\":8"), "{text}");
        let at = text.find("width\\\":8").unwrap() + 8;
        let mut wider = bytes.clone();
        wider[at] = b'9';
        std::fs::write(&path, &wider).unwrap();
        let error = Classifier::load(&path).unwrap_err().to_string();
        assert!(error.contains("do not fit"), "{error}");
        let mut endless = bytes;
        let end = endless.len();
        endless[end - 4..].copy_from_slice(&f32::INFINITY.to_le_bytes());
        std::fs::write(&path, &endless).unwrap();
        let error = Classifier::load(&path).unwrap_err().to_string();
        assert!(error.contains("is inf"), "{error}");
    }
}
