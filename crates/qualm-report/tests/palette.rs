//! The colours of the style sheet can be seen and told apart, in light and
//! in dark, by eyes of every kind.

use std::collections::HashMap;

const STYLE: &str = include_str!("../src/html/style.css");

/// Contrast that WCAG 2.2 asks of graphics (1.4.11) and of text (1.4.3).
const GRAPHICS: f64 = 3.0;
const TEXT: f64 = 4.5;

/// The least distance in OKLab between two series. The colours come from a
/// search around the hues of Okabe and Ito (2008) for the palette whose
/// closest pair is furthest apart, given the contrast above; this floor lies
/// just under what it found.
const APART: f64 = 0.085;

type Rgb = [f64; 3];
type Matrix = [[f64; 3]; 3];

/// What an eye without one kind of cone receives of linear RGB: Machado,
/// Oliveira and Fernandes (2009), severity 1.
const EYES: [(&str, Matrix); 4] = [
    (
        "all cones",
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    ),
    (
        "protanopia",
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    ),
    (
        "tritanopia",
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ),
];

/// Linear RGB to cone responses, and their cube roots to OKLab: Ottosson
/// (2020).
const TO_CONES: Matrix = [
    [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
    [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
    [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
];
const TO_LAB: Matrix = [
    [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
    [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
    [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
];

/// The variables of the first and the second `:root`: light and dark.
fn themes() -> [(&'static str, HashMap<&'static str, Rgb>); 2] {
    let mut roots = STYLE.split(":root{").skip(1).map(|rest| {
        let block = rest.split('}').next().unwrap_or_default();
        block
            .split([';', '\n'])
            .filter_map(|line| line.trim().strip_prefix("--")?.split_once(":#"))
            .map(|(name, hex)| (name, linear(hex)))
            .collect::<HashMap<_, _>>()
    });
    [
        ("light", roots.next().unwrap()),
        ("dark", roots.next().unwrap()),
    ]
}

fn linear(hex: &str) -> Rgb {
    assert_eq!(hex.len(), 6, "{hex}");
    [0, 2, 4].map(|i| {
        let c = f64::from(u8::from_str_radix(&hex[i..i + 2], 16).unwrap()) / 255.0;
        if c <= 0.040_45 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    })
}

fn times(matrix: &Matrix, v: Rgb) -> Rgb {
    matrix.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

fn contrast(a: Rgb, b: Rgb) -> f64 {
    let luminance = |c: Rgb| 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2] + 0.05;
    let (a, b) = (luminance(a), luminance(b));
    a.max(b) / a.min(b)
}

fn lab(seen: Rgb) -> Rgb {
    times(
        &TO_LAB,
        times(&TO_CONES, seen.map(|c| c.clamp(0.0, 1.0))).map(f64::cbrt),
    )
}

fn distance(a: Rgb, b: Rgb) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).powi(2))
        .sum::<f64>()
        .sqrt()
}

fn series(theme: &HashMap<&str, Rgb>) -> Vec<Rgb> {
    (0..8).map(|i| theme[format!("s{i}").as_str()]).collect()
}

#[test]
fn black_on_white_has_the_contrast_of_the_standard() {
    assert!((contrast(linear("000000"), linear("ffffff")) - 21.0).abs() < 1e-9);
}

#[test]
fn every_series_stands_out_from_the_page() {
    for (name, theme) in themes() {
        for (i, colour) in series(&theme).into_iter().enumerate() {
            let contrast = contrast(colour, theme["page"]);
            assert!(contrast >= GRAPHICS, "{name} s{i}: {contrast:.2}");
        }
    }
}

#[test]
fn every_text_can_be_read() {
    for (name, theme) in themes() {
        for text in ["ink", "soft", "good", "mixed", "bad", "note"] {
            for ground in ["page", "wash"] {
                let contrast = contrast(theme[text], theme[ground]);
                assert!(contrast >= TEXT, "{name} {text} on {ground}: {contrast:.2}");
            }
        }
    }
}

#[test]
fn series_are_told_apart_by_eyes_of_every_kind() {
    for (name, theme) in themes() {
        for (eye, matrix) in &EYES {
            let seen: Vec<Rgb> = series(&theme)
                .into_iter()
                .map(|c| lab(times(matrix, c)))
                .collect();
            for i in 0..seen.len() {
                for j in 0..i {
                    let apart = distance(seen[i], seen[j]);
                    assert!(
                        apart >= APART,
                        "{name}, {eye}: s{j} and s{i} are {apart:.3} apart"
                    );
                }
            }
        }
    }
}
