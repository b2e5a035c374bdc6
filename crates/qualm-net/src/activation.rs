use qualm_linalg::{Elementary, softplus, update};

/// What stands between two layers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Activation {
    /// log(1 + exp(z)).
    Softplus,
    /// The larger of z and `slope` z: ReLU with slope 0, else leaky ReLU.
    Rectifier {
        /// Slope below 0, less than 1.
        slope: f32,
    },
}

impl Activation {
    /// max(z, 0).
    pub const RELU: Self = Self::Rectifier { slope: 0.0 };
    /// Keras' leaky ReLU.
    pub const LEAKY_RELU: Self = Self::Rectifier { slope: 0.3 };

    /// Applies it in place, and puts its derivative into `slopes`.
    pub(crate) fn apply<T: Elementary>(self, z: &mut [T], slopes: &mut [T]) {
        match self {
            Self::Softplus => softplus(z, slopes),
            Self::Rectifier { slope } => {
                let below = T::from(slope);
                update([z, slopes], [], move |[z, _], []| {
                    let slope = if z > T::ZERO { T::ONE } else { below };
                    [slope * z, slope]
                });
            }
        }
    }

    /// `to += a''(z) / a'(z) * tangent * from`: what a change of slopes adds, where `from` has been
    /// multiplied with the slopes a'(z) already. Softplus has a'' = a' (1 - a').
    pub(crate) fn bend<T: Elementary>(self, to: &mut [T], slopes: &[T], tangent: &[T], from: &[T]) {
        // A rectifier's slope does not change, but at its kink.
        if self == Self::Softplus {
            update(
                [to],
                [slopes, tangent, from],
                |[to], [slope, tangent, from]| [to + (T::ONE - slope) * tangent * from],
            );
        }
    }
}
