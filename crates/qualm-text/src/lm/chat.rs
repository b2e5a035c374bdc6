//! Conversations, as models that were taught to answer expect them.

use super::{LanguageModel, LmError};

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// What holds for the whole conversation.
    System,
    /// Who asks.
    User,
    /// The model.
    Assistant,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

const START: &str = "<|im_start|>";
const END: &str = "<|im_end|>";

impl LanguageModel {
    /// A conversation, ready for the model to answer. Where it does not begin with what the system
    /// says, the model's template may say it.
    ///
    /// # Errors
    /// [`LmError::Unsupported`] where the model's turns are not marked by `<|im_start|>` and
    /// `<|im_end|>`, [`LmError::Prompt`] where a text cannot be cut into tokens.
    pub fn chat(&self, turns: &[(Role, &str)]) -> Result<Vec<u32>, LmError> {
        let vocabulary = &self.vocabulary;
        let template = vocabulary.template().filter(|text| text.contains(START));
        let (Some(template), Some(start), Some(end)) =
            (template, vocabulary.mark(START), vocabulary.mark(END))
        else {
            return Err(LmError::unsupported(
                &self.name,
                format!(
                    "the model's turns are not marked by {START} and {END}; give plain prompts"
                ),
            ));
        };
        let mut tokens = Vec::new();
        let mut say = |role: Role, text: &str| -> Result<(), LmError> {
            tokens.push(start);
            tokens.extend(self.part(&format!("{}\n{text}", role.name()))?);
            tokens.push(end);
            tokens.extend(self.part("\n")?);
            Ok(())
        };
        if turns.first().is_none_or(|(role, _)| *role != Role::System)
            && let Some(text) = told_by_system(template)
        {
            say(Role::System, &text)?;
        }
        for (role, text) in turns {
            say(*role, text)?;
        }
        tokens.push(start);
        tokens.extend(self.part(&format!("{}\n", Role::Assistant.name()))?);
        Ok(tokens)
    }
}

/// What a template says for the system where nobody else does: a constant between the marks.
fn told_by_system(template: &str) -> Option<String> {
    let (_, rest) = template.split_once(&format!("'{START}system"))?;
    // A line's end stands there as itself or as two characters.
    let rest = rest
        .strip_prefix('\n')
        .or_else(|| rest.strip_prefix("\\n"))?;
    let (text, _) = rest.split_once(END)?;
    (!text.contains('\'')).then(|| text.replace("\\n", "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_may_say_what_the_system_says() {
        let template = "{% if first %}{{ '<|im_start|>system\nBe kind<|im_end|>\n' }}{% endif %}";
        assert_eq!(told_by_system(template).as_deref(), Some("Be kind"));
        let template = template.replace('\n', "\\n");
        assert_eq!(told_by_system(&template).as_deref(), Some("Be kind"));
        // Put together from parts, it is no constant.
        let template = "{{ '<|im_start|>system\n' + text + '<|im_end|>\n' }}";
        assert_eq!(told_by_system(template), None);
    }
}
