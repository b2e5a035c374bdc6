use super::resize::{Filter, Window, resize};
use super::{Picture, decode};

/// What is done to a picture before a model sees it.
///
/// ```
/// use qualm_onnx::{Channels, Preparation, Preset};
/// let imagenet = Preparation::new(Preset::Imagenet, 224, 224, Channels::First);
/// assert_eq!(imagenet.scale, 255.0);
/// assert_eq!(imagenet.numbers(), 3 * 224 * 224);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Preparation {
    /// Width that the model takes.
    pub width: usize,
    /// Height that the model takes.
    pub height: usize,
    /// The share of the shorter side that the middle cut takes (0.875 of ImageNet's 256 is 224);
    /// none to stretch the whole picture instead.
    pub crop: Option<f64>,
    /// How pixels are interpolated.
    pub filter: Filter,
    /// What bytes are divided by, before anything is taken off.
    pub scale: f32,
    /// What is taken off, channel by channel: red, green, blue.
    pub mean: [f32; 3],
    /// What the rest is divided by.
    pub std: [f32; 3],
    /// Where the channels are.
    pub channels: Channels,
}

/// Where the channels of a model's input are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channels {
    /// N x 3 x H x W.
    First,
    /// N x H x W x 3.
    Last,
}

/// Preparations by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// torchvision's: middle cut of 87.5 %, bilinear, (x / 255 - mean) / std with ImageNet's mean
    /// and standard deviation.
    Imagenet,
    /// EfficientNet-Lite's: middle cut of 87.5 %, bicubic, (x - 127) / 128.
    Imagenet127,
    /// Bytes as they are, the picture stretched to the model's size (bilinear).
    Raw,
}

impl Preparation {
    /// A preset for a model's input.
    pub fn new(preset: Preset, width: usize, height: usize, channels: Channels) -> Self {
        let (crop, filter, scale, mean, std) = match preset {
            Preset::Imagenet => (
                Some(0.875),
                Filter::Bilinear,
                255.0,
                [0.485, 0.456, 0.406],
                [0.229, 0.224, 0.225],
            ),
            Preset::Imagenet127 => (Some(0.875), Filter::Bicubic, 1.0, [127.0; 3], [128.0; 3]),
            Preset::Raw => (None, Filter::Bilinear, 1.0, [0.0; 3], [1.0; 3]),
        };
        Self {
            width,
            height,
            crop,
            filter,
            scale,
            mean,
            std,
            channels,
        }
    }

    /// Numbers of a prepared picture.
    pub fn numbers(&self) -> usize {
        3 * self.width * self.height
    }

    /// The numbers of a picture file.
    ///
    /// # Errors
    /// One clause that says what is wrong with the file.
    pub(crate) fn of_file(&self, file: &[u8]) -> Result<Vec<f32>, String> {
        Ok(self.of(&decode(file)?))
    }

    fn of(&self, picture: &Picture) -> Vec<f32> {
        let window = self.window(picture);
        let bytes = resize(picture, window, self.width, self.height, self.filter);
        let number = |channel: usize, byte: u8| {
            (f32::from(byte) / self.scale - self.mean[channel]) / self.std[channel]
        };
        match self.channels {
            Channels::Last => bytes
                .iter()
                .enumerate()
                .map(|(at, &byte)| number(at % 3, byte))
                .collect(),
            Channels::First => (0..3)
                .flat_map(|channel| {
                    let bytes = bytes.iter().skip(channel).step_by(3);
                    bytes.map(move |&byte| (channel, byte))
                })
                .map(|(channel, byte)| number(channel, byte))
                .collect(),
        }
    }

    /// The part of the picture that is looked at: in the middle, of the model's proportions.
    fn window(&self, picture: &Picture) -> Window {
        let (width, height) = (picture.width as f64, picture.height as f64);
        let Some(crop) = self.crop else {
            return Window {
                left: 0.0,
                top: 0.0,
                width,
                height,
            };
        };
        // The largest box of these proportions, then the share of it.
        let unit = (width / self.width as f64).min(height / self.height as f64) * crop;
        let (cut_width, cut_height) = (unit * self.width as f64, unit * self.height as f64);
        Window {
            left: (width - cut_width) / 2.0,
            top: (height - cut_height) / 2.0,
            width: cut_width,
            height: cut_height,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_cut_and_channels_stand_where_the_model_wants_them() {
        // 4 x 2 pixels; red tells the column, green the row.
        let rgb = (0..8u8)
            .flat_map(|at| [at % 4 * 10, at / 4 * 100, 7])
            .collect();
        let picture = Picture {
            width: 4,
            height: 2,
            rgb,
        };
        let mut preparation = Preparation::new(Preset::Raw, 2, 2, Channels::Last);
        preparation.crop = Some(1.0);
        let last = preparation.of(&picture);
        assert_eq!(
            last,
            [
                10.0, 0.0, 7.0, 20.0, 0.0, 7.0, 10.0, 100.0, 7.0, 20.0, 100.0, 7.0
            ]
        );
        preparation.channels = Channels::First;
        preparation.mean = [10.0, 0.0, 0.0];
        preparation.std = [10.0, 100.0, 7.0];
        let first = preparation.of(&picture);
        assert_eq!(
            first,
            [0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
        );
    }
}
