//! Confidences that language models stated for MMLU questions, against figures that were measured
//! with other code and recorded beside the files (`docs/data.md`).

#[path = "common/data.rs"]
mod data;

use data::data_file;
use qualm_confidence::evaluate::{Measure, Settings, evaluate};
use qualm_confidence::measures::{self, Binning, Levels};
use qualm_confidence::records::RecordReader;

/// Accuracy, mean confidence, ECE over ten bins, Brier score, AUROC.
const RECORDED: [(&str, [f64; 5]); 10] = [
    ("Claude_Opus_4_6", [0.930, 0.902, 0.040, 0.053, 0.836]),
    ("Claude_Sonnet_4_6", [0.904, 0.869, 0.047, 0.071, 0.837]),
    ("Claude_Haiku_4.5", [0.890, 0.883, 0.029, 0.086, 0.760]),
    ("GPT-5.4", [0.888, 0.957, 0.069, 0.091, 0.715]),
    ("GPT-5.4_mini", [0.820, 0.953, 0.133, 0.156, 0.699]),
    ("Gemini_2.5_Pro", [0.915, 0.990, 0.075, 0.074, 0.803]),
    ("Gemma_3_27B", [0.782, 0.950, 0.168, 0.193, 0.588]),
    ("Gemma_3_12B", [0.722, 0.970, 0.247, 0.261, 0.533]),
    ("Gemma_3_1B", [0.388, 0.983, 0.611, 0.611, 0.500]),
    (
        "Qwen_3_235B_A22B_Instruct",
        [0.858, 0.951, 0.093, 0.126, 0.647],
    ),
];

#[test]
fn recorded_figures() {
    let columns = "id=item_id,correct=is_correct,verbal_number=confidence/100,model=model,\
                   split=subject,question=question,answer=answer,gold=correct_answer"
        .parse()
        .unwrap();
    let settings = Settings {
        bins: 10,
        bootstrap: qualm_stats::Bootstrap {
            resamples: 0,
            ..Default::default()
        },
        ..Settings::default()
    };
    for (model, recorded) in RECORDED {
        let Some(file) = data_file(&format!("data/verbal_confidence_mmlu/{model}.csv")) else {
            return;
        };
        let mut reader = RecordReader::default();
        reader.csv(file, &columns).unwrap();
        let records = reader.finish().strict().unwrap();
        let evaluation = evaluate(&records, &settings).unwrap();
        let found = evaluation.results[0].found.as_ref().unwrap();
        // Its bins are closed below. Doubt in a wrong answer has the same error as confidence in a
        // right one, and turns those bins into ours, which are closed above.
        let doubts: Vec<f64> = records
            .iter()
            .map(|record| {
                let percent = 100.0 * record.confidence[0].value.unwrap();
                (100.0 - percent.round()) / 100.0
            })
            .collect();
        let wrong: Vec<bool> = records.iter().map(|r| !r.correct().unwrap()).collect();
        let doubts = Levels::new(&doubts, &wrong).unwrap();
        let ece = measures::expected_error(&doubts, Binning::EqualWidth(10));
        let measures = [
            Measure::Accuracy,
            Measure::Confidence,
            Measure::Ece,
            Measure::Brier,
            Measure::Auroc,
        ];
        for (measure, recorded) in measures.into_iter().zip(recorded) {
            let ours = match measure {
                Measure::Ece => ece,
                _ => found.measure(measure).unwrap().value,
            };
            assert!(
                (ours - recorded).abs() <= 0.0005 + 1e-9,
                "{model}: {} is {ours}, recorded {recorded}",
                measure.name()
            );
        }
    }
}
