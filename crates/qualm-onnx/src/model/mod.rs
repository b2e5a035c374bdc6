//! A model as it stands in its file: nodes, constants, inputs and outputs.

mod depth;
mod element;
mod external;
mod node;
mod read;
mod tensor;
mod value;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use qualm_data::DataError;

use crate::OnnxError;
use crate::proto::{Field, numbers};

pub use element::Element;
pub use value::{Axis, ValueInfo};

pub(crate) use node::Node;
pub(crate) use read::Reader;
pub(crate) use tensor::Tensor;

/// A protocol-buffer message cannot be larger; what weighs more keeps its tensors in other files.
const LARGEST_FILE: u64 = i32::MAX as u64;

/// An ONNX model.
///
/// Reading checks the file's structure and copies names alone; tensors stay where they are until
/// their numbers are asked for.
///
/// ```no_run
/// use qualm_onnx::Model;
/// let model = Model::open("model.onnx".as_ref())?;
/// for input in model.inputs() {
///     println!("{}: {input}", input.name);
/// }
/// # Ok::<(), qualm_onnx::OnnxError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Model {
    name: String,
    folder: Option<PathBuf>,
    bytes: Vec<u8>,
    /// Where the graph's field stands in `bytes`, and the graph within it.
    graph_field: Range<usize>,
    graph: Range<usize>,
    ir_version: i64,
    producer: String,
    opsets: BTreeMap<String, i64>,
    inputs: Vec<ValueInfo>,
    outputs: Vec<ValueInfo>,
    nodes: Vec<Node>,
    tensors: Vec<Tensor>,
    tensor_by_name: HashMap<String, usize>,
    /// The node that writes each tensor.
    writers: HashMap<String, usize>,
}

impl Model {
    /// Reads the model at `path`.
    ///
    /// # Errors
    /// [`OnnxError::Data`] when the file cannot be read, [`OnnxError::Malformed`] when it is no
    /// ONNX model.
    pub fn open(path: &Path) -> Result<Self, OnnxError> {
        let name = path.display().to_string();
        let failed = |source| DataError::io(path, "open", source);
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(failed(std::io::Error::other("it is no regular file")).into());
        }
        if metadata.len() > LARGEST_FILE {
            return Err(OnnxError::malformed(
                &name,
                "the file is larger than the 2 GiB that an ONNX file can have; save its tensors as external data",
            ));
        }
        let mut bytes = Vec::new();
        file.take(LARGEST_FILE)
            .read_to_end(&mut bytes)
            .map_err(|source| DataError::io(path, "read", source))?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Self::parse(name, Some(folder), bytes)
    }

    /// A model from bytes in memory, which errors will call `name`. Tensors in other files cannot
    /// be read then.
    ///
    /// # Errors
    /// [`OnnxError::Malformed`] when the bytes are no ONNX model.
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, OnnxError> {
        Self::parse(name.to_owned(), None, bytes)
    }

    fn parse(name: String, folder: Option<PathBuf>, bytes: Vec<u8>) -> Result<Self, OnnxError> {
        let mut model = Self {
            name,
            folder,
            bytes: Vec::new(),
            graph_field: 0..0,
            graph: 0..0,
            ir_version: 0,
            producer: String::new(),
            opsets: BTreeMap::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            nodes: Vec::new(),
            tensors: Vec::new(),
            tensor_by_name: HashMap::new(),
            writers: HashMap::new(),
        };
        let name = model.name.clone();
        let reader = Reader {
            name: &name,
            bytes: &bytes,
        };
        model.read(reader)?;
        if model.graph_field.is_empty() {
            return Err(OnnxError::malformed(
                &name,
                "this is no ONNX model: it holds no graph; give a file that was exported as ONNX",
            ));
        }
        depth::check(reader, model.graph.clone())?;
        model.index()?;
        model.bytes = bytes;
        Ok(model)
    }

    fn read(&mut self, reader: Reader<'_>) -> Result<(), OnnxError> {
        for field in reader.fields(0..reader.bytes.len()) {
            let field = field?;
            match field.number {
                numbers::model::IR_VERSION => self.ir_version = reader.integer(&field)?,
                numbers::model::PRODUCER_NAME | numbers::model::PRODUCER_VERSION => {
                    let text = reader.text(&field)?;
                    if !self.producer.is_empty() && !text.is_empty() {
                        self.producer.push(' ');
                    }
                    self.producer.push_str(&text);
                }
                numbers::model::OPSET_IMPORT => self.read_opset(reader, &field)?,
                numbers::model::GRAPH => {
                    if !self.graph_field.is_empty() {
                        return Err(reader.wrong(field.whole.start, "there is a second graph"));
                    }
                    self.graph = reader.range(&field)?;
                    self.graph_field = field.whole.clone();
                    self.read_graph(reader)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn read_opset(&mut self, reader: Reader<'_>, field: &Field) -> Result<(), OnnxError> {
        let (mut domain, mut version) = (String::new(), 0);
        for field in reader.message(field)? {
            let field = field?;
            match field.number {
                numbers::opset::DOMAIN => domain = reader.text(&field)?,
                numbers::opset::VERSION => version = reader.integer(&field)?,
                _ => {}
            }
        }
        // The standard's operators go by two names.
        if domain == "ai.onnx" {
            domain.clear();
        }
        self.opsets.insert(domain, version);
        Ok(())
    }

    fn read_graph(&mut self, reader: Reader<'_>) -> Result<(), OnnxError> {
        for field in reader.fields(self.graph.clone()) {
            let field = field?;
            match field.number {
                numbers::graph::NODE => self.nodes.push(Node::read(reader, &field)?),
                numbers::graph::INITIALIZER => {
                    let tensor = Tensor::read(reader, reader.range(&field)?)?;
                    self.tensors.push(tensor);
                }
                numbers::graph::INPUT => self.inputs.push(ValueInfo::read(reader, &field)?),
                numbers::graph::OUTPUT => self.outputs.push(ValueInfo::read(reader, &field)?),
                _ => {}
            }
        }
        Ok(())
    }

    fn index(&mut self) -> Result<(), OnnxError> {
        for (index, tensor) in self.tensors.iter().enumerate() {
            self.tensor_by_name.insert(tensor.name.clone(), index);
        }
        for (index, node) in self.nodes.iter().enumerate() {
            for output in node.outputs.iter().filter(|name| !name.is_empty()) {
                if self.writers.insert(output.clone(), index).is_some() {
                    return Err(OnnxError::malformed(
                        &self.name,
                        format!("two nodes write the tensor `{output}`; export the model again"),
                    ));
                }
            }
        }
        // Old models list their constants among the inputs.
        let constants = &self.tensor_by_name;
        self.inputs
            .retain(|input| !constants.contains_key(&input.name));
        Ok(())
    }

    /// How errors call the model: its path.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Bytes of the file.
    pub fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Whether the file is empty, which that of no model is.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Version of the file format.
    pub fn ir_version(&self) -> i64 {
        self.ir_version
    }

    /// Program and version that wrote the file, as far as it says.
    pub fn producer(&self) -> &str {
        &self.producer
    }

    /// Version of each set of operators by its domain; that of the standard is empty.
    pub fn opsets(&self) -> &BTreeMap<String, i64> {
        &self.opsets
    }

    /// What the model is given, without its constants.
    pub fn inputs(&self) -> &[ValueInfo] {
        &self.inputs
    }

    /// What the model gives.
    pub fn outputs(&self) -> &[ValueInfo] {
        &self.outputs
    }

    /// How often each operator occurs, bodies of loops and branches aside.
    pub fn operators(&self) -> BTreeMap<&str, usize> {
        let mut operators = BTreeMap::new();
        for node in &self.nodes {
            *operators.entry(node.op.as_str()).or_insert(0) += 1;
        }
        operators
    }

    /// Numbers that the model holds as constants of its graph.
    pub fn parameters(&self) -> u64 {
        let counts = self.tensors.iter().filter_map(Tensor::count);
        counts.fold(0, u64::saturating_add)
    }

    /// Files beside the model in which tensors stand.
    pub fn external_files(&self) -> BTreeSet<&str> {
        let external = self.tensors.iter().filter_map(|t| t.external.as_ref());
        external.map(|e| e.location.as_str()).collect()
    }

    /// All bytes of a file beside the model in which tensors stand.
    #[cfg(feature = "run")]
    pub(crate) fn external_bytes(&self, location: &str) -> Result<Vec<u8>, OnnxError> {
        let external = external::External {
            location: location.to_owned(),
            ..Default::default()
        };
        let path = external.path(&self.name, self.folder.as_deref())?;
        Ok(std::fs::read(&path).map_err(|source| DataError::io(path, "read", source))?)
    }

    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn graph_field(&self) -> (Range<usize>, Range<usize>) {
        (self.graph_field.clone(), self.graph.clone())
    }

    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader {
            name: &self.name,
            bytes: &self.bytes,
        }
    }

    /// The node that writes a tensor.
    pub(crate) fn writer(&self, tensor: &str) -> Option<&Node> {
        self.writers.get(tensor).map(|&index| &self.nodes[index])
    }

    /// A constant of the graph by name.
    pub(crate) fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensor_by_name
            .get(name)
            .map(|&index| &self.tensors[index])
    }

    /// The numbers of a tensor as `f32`.
    pub(crate) fn floats(&self, tensor: &Tensor) -> Result<Vec<f32>, OnnxError> {
        let raw = match &tensor.external {
            None => None,
            Some(external) => {
                let bytes = tensor.bytes().ok_or_else(|| {
                    let name = &tensor.name;
                    OnnxError::malformed(
                        &self.name,
                        format!("tensor `{name}` has a type or shape that cannot be read"),
                    )
                })?;
                Some(external.read(&self.name, self.folder.as_deref(), bytes)?)
            }
        };
        tensor.floats(self.reader(), raw.as_deref())
    }
}
