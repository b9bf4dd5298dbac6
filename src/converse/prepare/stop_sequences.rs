//! Rule `stop-sequences`: only stop sequences that the model takes.

use super::draft::{Draft, is_blank};
use super::report::Rule;
use crate::catalog::facts::Family;

const PLACE: &str = "inferenceConfig.stopSequences";

/// As many as the service takes.
const MOST: usize = 2_500;

pub(super) fn apply(draft: &mut Draft<'_>) {
    let Some(mut config) = draft.request.inference_config.take() else { return };
    let given = config.stop_sequences.len();
    if given > 0 && !draft.facts.sampling.stop_sequences {
        let why = "this model refuses stop sequences, so the answer does not stop at them";
        draft.note(Rule::StopSequences, PLACE, why, Some("sampling.stopSequences"));
        config.stop_sequences.clear();
    }
    let refuses_blanks = matches!(draft.facts.family, Family::Claude | Family::Unknown);
    let before = config.stop_sequences.len();
    config.stop_sequences.retain(|text| !(text.is_empty() || refuses_blanks && is_blank(text)));
    if config.stop_sequences.len() < before {
        draft.note(Rule::StopSequences, PLACE, "a blank stop sequence is refused", None);
    }
    if config.stop_sequences.len() > MOST {
        draft.note(Rule::StopSequences, PLACE, "the service takes 2500 stop sequences", None);
        config.stop_sequences.truncate(MOST);
    }
    let is_changed = config.stop_sequences.len() < given;
    draft.request.inference_config = Some(config);
    if is_changed {
        draft.drop_empty_inference_config();
    }
}
