use std::borrow::Cow;
use std::io;
use std::path::Path;

use crate::array::StoredArray;
use crate::bytes::Bytes;
use crate::container::stored_arrays;
use crate::role::Candidate;
use crate::shard::ArrayReader;
use crate::spec::{Names, Spec};
use crate::{ArrayInfo, DType, DataError, Format, Head};

const WEIGHT: &str = "weight";
const BIAS: &str = "bias";

impl Head {
    /// Opens the head that `spec` names: a safetensors or `.npz` file with the arrays `weight`
    /// (`C x D`) and `bias` (C), in f16, bf16, f32 or f64. Other names follow a colon:
    /// `model.safetensors:weight=fc.weight,bias=fc.bias`. `-` is standard input.
    ///
    /// # Errors
    /// [`DataError::MissingArray`] with the arrays that are there, [`DataError::Shape`] when the
    /// two do not make a head, [`DataError::NotFinite`] on NaN or infinity,
    /// [`DataError::Malformed`] and [`DataError::Io`] when the file is damaged or unreadable.
    ///
    /// ```
    /// use qualm_data::Head;
    /// # let folder = tempfile::tempdir().unwrap();
    /// let path = folder.path().join("head.safetensors");
    /// let head = Head::new(vec![1.0, 0.0, 0.0, 1.0], vec![0.5, -0.5], 2)?;
    /// head.save(&path)?;
    /// assert_eq!(Head::open(path.to_str().unwrap())?, head);
    /// # Ok::<(), qualm_data::DataError>(())
    /// ```
    pub fn open(spec: &str) -> Result<Self, DataError> {
        let Spec { path, names } = Spec::parse(spec, &[WEIGHT, BIAS])?;
        let bytes = if path == "-" {
            Bytes::spool("standard input", &mut io::stdin().lock())?
        } else {
            Bytes::open(Path::new(&path))?
        };
        read(&bytes, &names)
    }

    /// A head from the bytes of a file in memory. Errors will call it `name`, which may end in
    /// renames as the spec of [`Head::open`] does.
    ///
    /// # Errors
    /// As for [`Head::open`].
    pub fn from_bytes(name: &str, bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self, DataError> {
        let Spec { path, names } = Spec::split(name, &[WEIGHT, BIAS])?;
        read(&Bytes::memory(&path, bytes.into()), &names)
    }
}

fn read(bytes: &Bytes, names: &Names) -> Result<Head, DataError> {
    let origin = bytes.name();
    let format = Format::sniff(bytes)?;
    if format == Format::Npy {
        return Err(DataError::malformed(
            origin,
            "an .npy holds one array, but a head needs weight and bias; use numpy.savez or safetensors",
        ));
    }
    let arrays = stored_arrays(bytes, format, WEIGHT)?;
    let infos: Vec<ArrayInfo> = arrays.iter().map(|array| array.info.clone()).collect();
    let weight = names.require(origin, WEIGHT, &infos)?;
    let bias = names.require(origin, BIAS, &infos).map_err(|mut error| {
        if let DataError::MissingArray { found, .. } = &mut error {
            found.push_str("; a layer without bias needs an array of zeros");
        }
        error
    })?;
    let dim = width(origin, &infos[weight], &infos[bias])?;
    let weight = floats(bytes, &arrays[weight])?;
    let bias = floats(bytes, &arrays[bias])?;
    Head::new(weight, bias, dim).map_err(|error| error.with_origin(origin))
}

/// D, where the two arrays make a head.
fn width(origin: &str, weight: &ArrayInfo, bias: &ArrayInfo) -> Result<usize, DataError> {
    let refuse = |role, info, problem: &str| Err(Candidate { origin, role, info }.refuse(problem));
    let (rows, dim, _) = Candidate {
        origin,
        role: WEIGHT,
        info: weight,
    }
    .matrix()?;
    if !matches!(bias.dtype, DType::Float(_)) {
        return refuse(
            BIAS,
            bias,
            &format!("holds {}, but a bias is floats", bias.dtype),
        );
    }
    let classes = match *bias.shape.as_slice() {
        [classes] | [classes, 1] | [1, classes] => classes,
        ref shape => {
            return refuse(
                BIAS,
                bias,
                &format!("has shape {shape:?}; a bias holds one number a class"),
            );
        }
    };
    if rows != classes {
        let hint = if dim as u64 == classes {
            "it is transposed, so store weight.T"
        } else {
            "take weight and bias from the same layer"
        };
        return refuse(
            WEIGHT,
            weight,
            &format!("has shape [{rows}, {dim}] where the bias has {classes} classes; {hint}"),
        );
    }
    if classes == 0 {
        return refuse(BIAS, bias, "is empty, so there are no classes");
    }
    Ok(dim)
}

fn floats(bytes: &Bytes, array: &StoredArray) -> Result<Vec<f32>, DataError> {
    let mut values = Vec::new();
    ArrayReader::new(bytes, array)?.all_floats(&mut values)?;
    Ok(values)
}
