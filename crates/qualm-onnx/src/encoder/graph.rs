use super::config::Config;
use super::weights::Weights;
use crate::{Additions, Attribute, Axis, Element, OnnxError};

/// The first version of the operators that has LayerNormalization.
const OPSET: i64 = 17;

/// A number of ONNX's own that means `f32`, for Cast.
const FLOAT: i64 = 1;

/// An encoder as it is written, node after node.
pub(super) struct Graph<'a> {
    config: &'a Config,
    weights: &'a Weights,
    to: Additions,
}

impl<'a> Graph<'a> {
    pub(super) fn new(config: &'a Config, weights: &'a Weights) -> Self {
        Self {
            config,
            weights,
            to: Additions::default(),
        }
    }

    pub(super) fn write(mut self) -> Result<Vec<u8>, OnnxError> {
        let axis = |name: &str| Axis::Named(name.to_owned());
        let tokens = [axis("texts"), axis("tokens")];
        for input in ["input_ids", "attention_mask", "token_type_ids"] {
            self.to.input(input, Element::I64, &tokens);
        }
        self.constants();
        self.embeddings()?;
        self.mask();
        let mut hidden = "embeddings".to_owned();
        for layer in 0..self.config.num_hidden_layers {
            let last = layer + 1 == self.config.num_hidden_layers;
            hidden = self.layer(layer, &hidden, last)?;
        }
        let width = Axis::Known(self.config.hidden_size as u64);
        let shape = [axis("texts"), axis("tokens"), width];
        self.to.output(&hidden, Element::F32, &shape);
        Ok(self.to.into_model(OPSET))
    }

    /// A node with one output, called as that is.
    fn node(&mut self, op: &str, inputs: &[&str], output: &str, attributes: &[Attribute<'_>]) {
        self.to.node(op, output, inputs, &[output], attributes);
    }

    fn constants(&mut self) {
        let heads = self.config.num_attention_heads as i64;
        let width = self.config.hidden_size as i64;
        // 0 keeps an axis as it is.
        self.to
            .integers("by_heads", &[4], &[0, 0, heads, width / heads]);
        self.to.integers("joined", &[3], &[0, 0, width]);
        self.to.integers("zero", &[1], &[0]);
        self.to.integers("one", &[1], &[1]);
        self.to.integers("two", &[1], &[2]);
        self.to.integers("behind_texts", &[2], &[1, 2]);
        let root = ((width / heads) as f64).sqrt() as f32;
        self.to.floats("root_of_width", &[], &[root]);
        self.to.floats("root_of_two", &[], &[2f32.sqrt()]);
        self.to.floats("unit", &[], &[1.0]);
        self.to.floats("half", &[], &[0.5]);
        self.to.floats("lowest", &[], &[f32::MIN]);
    }

    fn table(&mut self, name: &str, rows: usize) -> Result<String, OnnxError> {
        let name = format!("embeddings.{name}_embeddings.weight");
        let width = self.config.hidden_size;
        let numbers = self.weights.tensor(&name, &[rows, width])?;
        self.to
            .floats(&name, &[rows as u64, width as u64], &numbers);
        Ok(name)
    }

    fn embeddings(&mut self) -> Result<(), OnnxError> {
        let words = self.table("word", self.config.vocab_size)?;
        let types = self.table("token_type", self.config.type_vocab_size)?;
        let places = self.table("position", self.config.max_position_embeddings)?;
        self.node("Gather", &[&words, "input_ids"], "words", &[]);
        self.node("Gather", &[&types, "token_type_ids"], "types", &[]);
        self.node("Shape", &["input_ids"], "shape", &[]);
        self.node("Slice", &["shape", "one", "two"], "length", &[]);
        self.node("Slice", &[&places, "zero", "length", "zero"], "places", &[]);
        self.node("Add", &["words", "types"], "words_and_types", &[]);
        self.node("Add", &["words_and_types", "places"], "sum", &[]);
        self.normalise("sum", "embeddings.LayerNorm", "embeddings")
    }

    /// 0 where there is a token, the lowest of numbers where there is padding: texts x 1 x 1 x
    /// tokens.
    fn mask(&mut self) {
        let to = [Attribute::Integer("to", FLOAT)];
        self.node("Cast", &["attention_mask"], "there", &to);
        self.node("Unsqueeze", &["there", "behind_texts"], "wide", &[]);
        self.node("Sub", &["unit", "wide"], "absent", &[]);
        self.node("Mul", &["absent", "lowest"], "mask", &[]);
    }

    fn layer(&mut self, layer: usize, hidden: &str, last: bool) -> Result<String, OnnxError> {
        let (width, inner) = (self.config.hidden_size, self.config.intermediate_size);
        let layer = format!("encoder.layer.{layer}.");
        let name = |part: &str| format!("{layer}{part}");
        for (part, order) in [
            ("query", [0, 2, 1, 3]),
            // Turned already for the product with queries.
            ("key", [0, 2, 3, 1]),
            ("value", [0, 2, 1, 3]),
        ] {
            let map = name(&format!("attention.self.{part}"));
            let (flat, cut) = (name(&format!("{part}.flat")), name(&format!("{part}.cut")));
            self.linear(hidden, &map, [width, width], &flat)?;
            self.node("Reshape", &[&flat, "by_heads"], &cut, &[]);
            let order = [Attribute::Integers("perm", &order)];
            self.node("Transpose", &[&cut], &name(part), &order);
        }
        let of = |part: &str| name(part);
        self.node("MatMul", &[&of("query"), &of("key")], &of("product"), &[]);
        self.node(
            "Div",
            &[&of("product"), "root_of_width"],
            &of("scaled"),
            &[],
        );
        self.node("Add", &[&of("scaled"), "mask"], &of("masked"), &[]);
        let axis = [Attribute::Integer("axis", -1)];
        self.node("Softmax", &[&of("masked")], &of("weights"), &axis);
        self.node(
            "MatMul",
            &[&of("weights"), &of("value")],
            &of("by_head"),
            &[],
        );
        let order = [Attribute::Integers("perm", &[0, 2, 1, 3])];
        self.node("Transpose", &[&of("by_head")], &of("by_token"), &order);
        self.node("Reshape", &[&of("by_token"), "joined"], &of("context"), &[]);

        let map = name("attention.output.dense");
        self.linear(&of("context"), &map, [width, width], &of("attended"))?;
        self.node("Add", &[&of("attended"), hidden], &of("attended.sum"), &[]);
        let norm = name("attention.output.LayerNorm");
        self.normalise(&of("attended.sum"), &norm, &of("attention"))?;

        let map = name("intermediate.dense");
        self.linear(&of("attention"), &map, [width, inner], &of("inner"))?;
        self.activate(&of("inner"), &of("active"));
        let map = name("output.dense");
        self.linear(&of("active"), &map, [inner, width], &of("outer"))?;
        self.node(
            "Add",
            &[&of("outer"), &of("attention")],
            &of("outer.sum"),
            &[],
        );
        let output = match last {
            true => "last_hidden_state".to_owned(),
            false => of("hidden"),
        };
        self.normalise(&of("outer.sum"), &name("output.LayerNorm"), &output)?;
        Ok(output)
    }

    fn linear(
        &mut self,
        of: &str,
        map: &str,
        [inputs, outputs]: [usize; 2],
        output: &str,
    ) -> Result<(), OnnxError> {
        let (weight, bias) = (format!("{map}.weight"), format!("{map}.bias"));
        let numbers = self.weights.linear(&weight, inputs, outputs)?;
        self.to
            .floats(&weight, &[inputs as u64, outputs as u64], &numbers);
        let numbers = self.weights.tensor(&bias, &[outputs])?;
        self.to.floats(&bias, &[outputs as u64], &numbers);
        let product = format!("{map}.product");
        self.node("MatMul", &[of, &weight], &product, &[]);
        self.node("Add", &[&product, &bias], output, &[]);
        Ok(())
    }

    fn normalise(&mut self, of: &str, norm: &str, output: &str) -> Result<(), OnnxError> {
        let width = self.config.hidden_size;
        let (weight, bias) = (format!("{norm}.weight"), format!("{norm}.bias"));
        for name in [&weight, &bias] {
            let numbers = self.weights.tensor(name, &[width])?;
            self.to.floats(name, &[width as u64], &numbers);
        }
        let attributes = [
            Attribute::Integer("axis", -1),
            Attribute::Float("epsilon", self.config.layer_norm_eps),
        ];
        let inputs = [of, weight.as_str(), bias.as_str()];
        self.node("LayerNormalization", &inputs, output, &attributes);
        Ok(())
    }

    fn activate(&mut self, of: &str, output: &str) {
        if self.config.hidden_act == "relu" {
            return self.node("Relu", &[of], output, &[]);
        }
        // Spelled out: the operator Gelu came with version 20.
        let part = |what: &str| format!("{output}.{what}");
        let (scaled, erf) = (part("scaled"), part("erf"));
        let (share, product) = (part("share"), part("product"));
        self.node("Div", &[of, "root_of_two"], &scaled, &[]);
        self.node("Erf", &[&scaled], &erf, &[]);
        self.node("Add", &[&erf, "unit"], &share, &[]);
        self.node("Mul", &[of, &share], &product, &[]);
        self.node("Mul", &[&product, "half"], output, &[]);
    }
}
