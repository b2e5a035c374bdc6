use crate::picture::Channels;
use crate::{Axis, Model, OnnxError};

/// Height, width and place of the channels of a model that is given pictures; sides that the model
/// leaves open are `size`.
///
/// # Errors
/// [`OnnxError::Run`] where the input is no batch of pictures of three channels, or leaves its
/// size open and none is given.
pub fn picture_size(
    model: &Model,
    size: Option<(usize, usize)>,
) -> Result<(usize, usize, Channels), OnnxError> {
    let wrong = |problem: String| Err(OnnxError::run(model.name(), problem));
    let Some(input) = model.inputs().first() else {
        return wrong("the model has no input".to_owned());
    };
    let Some([_, a, b, c]) = input.shape.as_deref() else {
        return wrong(format!(
            "its input is {input}, no batch of pictures; give it .npy tensors"
        ));
    };
    let three = |axis: &Axis| axis.length() == Some(3);
    let (height, width, channels) = match (three(a), three(c)) {
        (true, _) => (b, c, Channels::First),
        (false, true) => (a, b, Channels::Last),
        _ => {
            return wrong(format!(
                "its input is {input}, no batch of pictures of three channels; give it .npy tensors"
            ));
        }
    };
    let sides = [(height, size.map(|s| s.0)), (width, size.map(|s| s.1))];
    let mut lengths = [0; 2];
    for (length, (axis, given)) in lengths.iter_mut().zip(sides) {
        *length = match (axis.length(), given) {
            (Some(known), Some(given)) if known != given as u64 => {
                return wrong(format!(
                    "its pictures are {height} x {width}, so leave the size out"
                ));
            }
            (Some(known), _) => known as usize,
            (None, Some(given)) => given,
            (None, None) => {
                return wrong(
                    "it takes pictures of any size, so say which with --size HxW".to_owned(),
                );
            }
        };
    }
    let largest = 1 << 14;
    if lengths
        .iter()
        .any(|&length| length == 0 || length > largest)
    {
        return wrong(format!(
            "its pictures are {} x {}, which are none",
            lengths[0], lengths[1]
        ));
    }
    Ok((lengths[0], lengths[1], channels))
}
