use super::read::Reader;
use crate::OnnxError;
use crate::proto::numbers;

/// Graphs within attributes of graphs (bodies of If, Loop and Scan) that are followed. Readers
/// that recurse, such as the runtime's, end on the stack of a hostile model otherwise.
const DEEPEST: usize = 16;

/// Refuses a model whose graphs are nested deeper than any exporter writes them.
pub(super) fn check(reader: Reader<'_>, graph: std::ops::Range<usize>) -> Result<(), OnnxError> {
    // A list of our own instead of the stack: depth is counted, not felt.
    let mut waiting = vec![(graph, 0)];
    while let Some((graph, depth)) = waiting.pop() {
        for node in reader.fields(graph) {
            let node = node?;
            if node.number != numbers::graph::NODE {
                continue;
            }
            for attribute in reader.message(&node)? {
                let attribute = attribute?;
                if attribute.number != numbers::node::ATTRIBUTE {
                    continue;
                }
                for field in reader.message(&attribute)? {
                    let field = field?;
                    if !matches!(
                        field.number,
                        numbers::attribute::GRAPH | numbers::attribute::GRAPHS
                    ) {
                        continue;
                    }
                    if depth == DEEPEST {
                        return Err(OnnxError::malformed(
                            reader.name,
                            format!(
                                "graphs are nested more than {DEEPEST} deep; export the model without such loops"
                            ),
                        ));
                    }
                    waiting.push((reader.range(&field)?, depth + 1));
                }
            }
        }
    }
    Ok(())
}
