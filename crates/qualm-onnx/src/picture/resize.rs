use super::Picture;

/// How pixels between pixels are computed. Where a picture shrinks, the filter widens with the
/// factor, as in Pillow and unlike OpenCV: classifiers of pictures are trained that way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// Triangles: Pillow's BILINEAR.
    Bilinear,
    /// Cubic convolution with a = -0.5 (Keys 1981): Pillow's BICUBIC.
    Bicubic,
}

impl Filter {
    fn reach(self) -> f64 {
        match self {
            Self::Bilinear => 1.0,
            Self::Bicubic => 2.0,
        }
    }

    fn weight(self, x: f64) -> f64 {
        let x = x.abs();
        match self {
            Self::Bilinear => (1.0 - x).max(0.0),
            Self::Bicubic if x < 1.0 => (1.5 * x - 2.5) * x * x + 1.0,
            Self::Bicubic if x < 2.0 => ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0,
            Self::Bicubic => 0.0,
        }
    }
}

/// The places of an axis that one new place is a weighted sum of.
struct Tap {
    start: usize,
    weights: Vec<f32>,
}

/// The part `from .. from + length` of an axis of `old` places, spread over `new` places.
fn taps(filter: Filter, old: usize, from: f64, length: f64, new: usize) -> Vec<Tap> {
    let scale = length / new as f64;
    let widened = scale.max(1.0);
    let reach = filter.reach() * widened;
    (0..new)
        .map(|place| {
            let centre = from + (place as f64 + 0.5) * scale;
            // Pillow's rounding of the bounds.
            let start = ((centre - reach + 0.5).floor().max(0.0) as usize).min(old - 1);
            let end = ((centre + reach + 0.5).floor() as usize).clamp(start + 1, old);
            let weights: Vec<f64> = (start..end)
                .map(|at| filter.weight((at as f64 + 0.5 - centre) / widened))
                .collect();
            let sum: f64 = weights.iter().sum();
            let weights = weights.iter().map(|weight| (weight / sum) as f32);
            Tap {
                start,
                weights: weights.collect(),
            }
        })
        .collect()
}

/// A box of a picture, in pixels and fractions of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Window {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// The window of the picture as `width x height` pixels, rounded to bytes as Pillow does it after
/// each of the two directions.
pub(crate) fn resize(
    picture: &Picture,
    window: Window,
    width: usize,
    height: usize,
    filter: Filter,
) -> Vec<u8> {
    let columns = taps(filter, picture.width, window.left, window.width, width);
    let rows = taps(filter, picture.height, window.top, window.height, height);
    let first = rows.iter().map(|tap| tap.start).min().unwrap_or(0);
    let last = rows.iter().map(|tap| tap.start + tap.weights.len()).max();
    let last = last.unwrap_or(0);
    let byte = |sum: f32| (sum + 0.5).clamp(0.0, 255.0) as u8;
    let mut narrow = Vec::with_capacity((last - first) * width * 3);
    for row in first..last {
        let row = &picture.rgb[row * picture.width * 3..][..picture.width * 3];
        for tap in &columns {
            let mut sums = [0f32; 3];
            let pixels = row[tap.start * 3..].chunks_exact(3);
            for (pixel, weight) in pixels.zip(&tap.weights) {
                for (sum, &value) in sums.iter_mut().zip(pixel) {
                    *sum += weight * f32::from(value);
                }
            }
            narrow.extend(sums.map(byte));
        }
    }
    let mut resized = Vec::with_capacity(height * width * 3);
    let mut sums = vec![0f32; width * 3];
    for tap in &rows {
        sums.fill(0.0);
        let lines = narrow[(tap.start - first) * width * 3..].chunks_exact(width * 3);
        for (line, weight) in lines.zip(&tap.weights) {
            for (sum, &value) in sums.iter_mut().zip(line) {
                *sum += weight * f32::from(value);
            }
        }
        resized.extend(sums.iter().map(|&sum| byte(sum)));
    }
    resized
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: usize, values: &[u8]) -> Picture {
        Picture {
            width,
            height: values.len() / width,
            rgb: values.iter().flat_map(|&value| [value; 3]).collect(),
        }
    }

    fn whole(picture: &Picture) -> Window {
        Window {
            left: 0.0,
            top: 0.0,
            width: picture.width as f64,
            height: picture.height as f64,
        }
    }

    fn first_channel(rgb: &[u8]) -> Vec<u8> {
        rgb.iter().step_by(3).copied().collect()
    }

    #[test]
    fn the_same_size_changes_nothing() {
        let picture = grey(3, &[1, 50, 200, 4, 5, 255]);
        for filter in [Filter::Bilinear, Filter::Bicubic] {
            let same = resize(&picture, whole(&picture), 3, 2, filter);
            assert_eq!(same, picture.rgb);
        }
    }

    #[test]
    fn halving_four_pixels_is_worked_by_hand() {
        // Triangles of reach 2 about 1 and 3: weights 1/8, 3/8, 3/8, 1/8, cut off at the edges and
        // scaled to sum to one: (3 * 0 + 3 * 100 + 1 * 200) / 7 and (100 + 600 + 3 * 40) / 7.
        let picture = grey(4, &[0, 100, 200, 40]);
        let half = resize(&picture, whole(&picture), 2, 1, Filter::Bilinear);
        assert_eq!(first_channel(&half), [71, 117]);
    }

    #[test]
    fn doubling_two_pixels_is_worked_by_hand() {
        // Bilinear: the old centres lie at quarters between the new ones.
        let picture = grey(2, &[0, 100]);
        let double = resize(&picture, whole(&picture), 4, 1, Filter::Bilinear);
        assert_eq!(first_channel(&double), [0, 25, 75, 100]);
    }
}
