use qualm_linalg::{Elementary, softplus};

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
    pub(crate) fn apply<T: Elementary + PartialOrd>(self, z: &mut [T], slopes: &mut [T]) {
        match self {
            Self::Softplus => softplus(z, slopes),
            Self::Rectifier { slope } => {
                let below = T::from(slope);
                for (z, slope) in z.iter_mut().zip(slopes) {
                    *slope = if *z > T::ZERO { T::ONE } else { below };
                    *z *= *slope;
                }
            }
        }
    }

    /// `to += a''(z) / a'(z) * tangent * from`: what a change of slopes adds, where `from` has been
    /// multiplied with the slopes a'(z) already. Softplus has a'' = a' (1 - a').
    pub(crate) fn bend<T: Elementary>(self, to: &mut [T], slopes: &[T], tangent: &[T], from: &[T]) {
        // A rectifier's slope does not change, but at its kink.
        if self == Self::Softplus {
            let terms = to.iter_mut().zip(slopes).zip(tangent.iter().zip(from));
            for ((to, &slope), (&tangent, &from)) in terms {
                *to += (T::ONE - slope) * tangent * from;
            }
        }
    }
}
