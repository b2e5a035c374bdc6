//! Small networks trained on the CPU by hand-derived gradients, mixed second ones included.
//!
//! ```
//! use qualm_linalg::Rows;
//! use qualm_net::{Activation, Adam, Network, Shape, Tape, squared_error};
//! use qualm_stats::Stream;
//!
//! // Learn y = x^2 at five points.
//! let (x, y) = ([-1.0f64, -0.5, 0.0, 0.5, 1.0], [1.0, 0.25, 0.0, 0.25, 1.0]);
//! let shape = Shape::new(&[1, 16, 1], Activation::Softplus);
//! let mut network = Network::new(shape.clone(), &mut Stream::new(1, 0));
//! let mut tape = Tape::new(&shape, x.len());
//! let mut adam = Adam::new(shape.parameters(), 0.02);
//! let (mut of_outputs, mut gradient) = ([0.0; 5], vec![0.0; shape.parameters()]);
//! let mut loss = f64::INFINITY;
//! for _ in 0..1000 {
//!     let outputs = network.forward(&mut tape, Rows::new(&x, 1));
//!     loss = squared_error(outputs, &y, &mut of_outputs);
//!     gradient.fill(0.0);
//!     network.backward(&mut tape, &of_outputs, &mut gradient);
//!     adam.step(network.parameters_mut(), &gradient);
//! }
//! assert!(loss < 1e-3, "{loss}");
//! ```
//!
//! A [`Network`] holds its parameters in one buffer, tensor after tensor; a [`Tape`] holds what
//! passes over a batch leave. Passes are [`Network::forward`], [`Network::backward`] to the
//! parameters, [`Network::to_inputs`], and [`Network::mixed`] for gradients of a loss that depends
//! on gradients. Whoever wants a plain step down a gradient takes [`qualm_linalg::add_multiple`].
//! Everything runs in `f32`; `f64` is for checks against finite differences
//! (`tests/differences.rs`). Layers up to 512 wide run on one thread: their users run many networks
//! side by side. Products of wider ones are shared by the current rayon pool; the bytes are the
//! same for any number of threads (`tests/same.rs`).
//!
//! # A gradient of gradients
//!
//! RoMA lowers mean |dmu/dx| beside its loss, and gradient penalties hold |dmu/dx| near a value.
//! The passes share all that they can:
//!
//! ```
//! use qualm_linalg::Rows;
//! use qualm_net::{Activation, Network, Shape, Tape};
//! use qualm_stats::Stream;
//!
//! // f(x) = w x, one weight: the gradient of |df/dx| = |w| by w is its sign.
//! let shape = Shape::new(&[1, 1], Activation::Softplus);
//! let mut network = Network::<f64>::new(shape.clone(), &mut Stream::new(1, 0));
//! network.parameters_mut().copy_from_slice(&[-3.0, 0.5]);
//! let mut tape = Tape::new(&shape, 1);
//! let (mut slope, mut gradient) = ([0.0], [0.0; 2]);
//! network.forward(&mut tape, Rows::new(&[2.0], 1));
//! network.to_inputs(&mut tape, &[1.0], &mut slope); // of the output itself
//! assert_eq!(slope, [-3.0]);
//! let direction = [slope[0].signum()]; // what |slope| changes by with slope
//! network.mixed(&mut tape, &direction, &[0.0], &mut gradient);
//! assert_eq!(gradient, [-1.0, 0.0]);
//! ```

mod activation;
mod adam;
mod convolution;
mod gaussian;
mod losses;
mod network;
mod order;
mod passes;
mod spectral;
mod tape;
mod tensors;

pub use activation::Activation;
pub use adam::Adam;
pub use convolution::{Convolution, ConvolutionTape};
pub use gaussian::GaussianHead;
pub use losses::{list_cross_entropy, squared_error};
pub use network::{Network, Shape};
pub use order::RandomOrder;
pub use qualm_linalg::norm;
pub use spectral::SpectralLimit;
pub use tape::Tape;
pub use tensors::{clip_each, move_by_share, norms};
