//! A language model behind an address that speaks the chat protocol of OpenAI.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Answerer, Completion, Draws};
use crate::ConfidenceError;

/// Requests under way at once.
const AT_ONCE: usize = 8;

/// Tries of one request, and the pause before the second, which doubles each time.
const TRIES: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest that a server may ask to be left alone.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A longer reply is none.
const LONGEST_REPLY: u64 = 16 << 20;

/// The likeliest tokens that are asked for: as many as the protocol gives.
const TOP: usize = 20;

/// Chat models are told to do what others do by themselves.
const SYSTEM: &str =
    "Continue the text. Reply with what comes next on its last line, and nothing else.";

/// A model behind `URL/chat/completions`.
pub struct Endpoint {
    agent: ureq::Agent,
    url: String,
    model: String,
    key: Option<String>,
    first_pause: Duration,
}

impl Endpoint {
    /// A model by name behind a base address such as `http://localhost:8080/v1`, with a key where
    /// one is needed.
    ///
    /// # Errors
    /// [`ConfidenceError::Values`] if the address is none of the web's.
    pub fn new(
        url: &str,
        model: impl Into<String>,
        key: Option<String>,
    ) -> Result<Endpoint, ConfidenceError> {
        if !(url.starts_with("http://") || url.starts_with("https://")) {
            return Err(ConfidenceError::Values(format!(
                "'{url}' is no address: it begins with http:// or https://"
            )));
        }
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(300)))
            .http_status_as_error(false)
            .build();
        Ok(Endpoint {
            agent: config.into(),
            url: format!("{}/chat/completions", url.trim_end_matches('/')),
            model: model.into(),
            key,
            first_pause: FIRST_PAUSE,
        })
    }

    /// The same with another pause before the first repetition.
    #[must_use]
    pub fn with_first_pause(mut self, pause: Duration) -> Endpoint {
        self.first_pause = pause;
        self
    }

    /// The replies to one request for each prompt, at once.
    fn all(
        &self,
        prompts: &[String],
        request: impl Fn(&str) -> Value + Sync,
    ) -> Result<Vec<Value>, ConfidenceError> {
        let mut replies = Vec::with_capacity(prompts.len());
        for prompts in prompts.chunks(AT_ONCE) {
            let found: Vec<Result<Value, ConfidenceError>> = std::thread::scope(|scope| {
                let asked: Vec<_> = prompts
                    .iter()
                    .map(|prompt| scope.spawn(|| self.post(&request(prompt))))
                    .collect();
                let lost = || Err(self.error("a request was lost"));
                asked
                    .into_iter()
                    .map(|asked| asked.join().unwrap_or_else(|_| lost()))
                    .collect()
            });
            for found in found {
                replies.push(found?);
            }
        }
        Ok(replies)
    }

    fn request(&self, prompt: &str, max_tokens: usize) -> Value {
        json!({
            "model": self.model,
            "messages": [
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": prompt},
            ],
            "max_tokens": max_tokens,
            "temperature": 0,
            "stop": ["\n"],
        })
    }

    /// Posts until there is a reply, as long as failing again may help.
    fn post(&self, body: &Value) -> Result<Value, ConfidenceError> {
        let mut pause = self.first_pause;
        for attempt in 1.. {
            let (trouble, wait) = match self.once(body) {
                Once::Reply(reply) => return Ok(reply),
                Once::Refused(reason) => return Err(self.error(&reason)),
                Once::Later(reason, wait) => (reason, wait),
            };
            if attempt == TRIES {
                return Err(self.error(&format!("{trouble}, {TRIES} times")));
            }
            std::thread::sleep(wait.unwrap_or(pause).min(LONGEST_PAUSE));
            pause *= 2;
        }
        Err(self.error("was not asked"))
    }

    fn once(&self, body: &Value) -> Once {
        let mut request = self
            .agent
            .post(&self.url)
            .header("Content-Type", "application/json");
        if let Some(key) = &self.key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        let mut response = match request.send(body.to_string()) {
            Ok(response) => response,
            Err(error) => return Once::Later(error.to_string(), None),
        };
        let status = response.status().as_u16();
        let wait = response
            .headers()
            .get("retry-after")
            .and_then(|seconds| seconds.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        let text = response
            .body_mut()
            .with_config()
            .limit(LONGEST_REPLY)
            .read_to_string();
        let text = match text {
            Ok(text) => text,
            Err(error) => return Once::Later(error.to_string(), None),
        };
        match status {
            200..300 => serde_json::from_str(&text).map_or_else(
                |error| Once::Refused(format!("replied with no JSON ({error})")),
                Once::Reply,
            ),
            408 | 429 | 500.. => Once::Later(format!("replied with status {status}"), wait),
            _ => Once::Refused(format!(
                "replied with status {status}: {}",
                beginning(&text)
            )),
        }
    }

    fn error(&self, reason: &str) -> ConfidenceError {
        ConfidenceError::Model(format!("{} {reason}", self.url))
    }

    /// The text of a choice of a reply.
    fn text<'a>(&self, choice: &'a Value) -> Result<&'a str, ConfidenceError> {
        choice["message"]["content"]
            .as_str()
            .ok_or_else(|| self.error("replied without a message"))
    }
}

/// How one try ended.
enum Once {
    Reply(Value),
    Refused(String),
    Later(String, Option<Duration>),
}

/// As much of a server's words as fits into a sentence.
fn beginning(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// What each token of a choice was given, where the server says.
fn log_probs(choice: &Value) -> Option<Vec<f64>> {
    let tokens = choice["logprobs"]["content"].as_array()?;
    let found: Vec<f64> = tokens
        .iter()
        .map(|token| token["logprob"].as_f64().map(|p| p.min(0.0)))
        .collect::<Option<_>>()?;
    (!found.is_empty()).then_some(found)
}

/// The probability of `yes` among `yes` and `no` as the first token, where both or one of them are
/// among the likeliest; what is not is less likely than all of those.
fn preference(choice: &Value, yes: &str, no: &str) -> Option<f64> {
    let top = choice["logprobs"]["content"].get(0)?["top_logprobs"].as_array()?;
    let share = |wanted: &str| -> f64 {
        let is = |token: &&Value| {
            token["token"]
                .as_str()
                .is_some_and(|text| text.trim() == wanted.trim())
        };
        let log_probs = top
            .iter()
            .filter(is)
            .filter_map(|token| token["logprob"].as_f64());
        log_probs.map(f64::exp).sum()
    };
    let (yes, no) = (share(yes), share(no));
    (yes + no > 0.0).then(|| yes / (yes + no))
}

impl Answerer for Endpoint {
    fn name(&self) -> &str {
        &self.model
    }

    fn batch(&self) -> usize {
        AT_ONCE
    }

    fn complete(
        &self,
        prompts: &[String],
        max_tokens: usize,
        layer: Option<usize>,
    ) -> Result<Vec<Completion>, ConfidenceError> {
        if layer.is_some() {
            return Err(self.error("gives no hidden states: leave the probe out"));
        }
        let replies = self.all(prompts, |prompt| {
            let mut request = self.request(prompt, max_tokens);
            request["logprobs"] = true.into();
            request
        })?;
        let completion = |reply: &Value| {
            let choice = &reply["choices"][0];
            Ok(Completion {
                text: self.text(choice)?.to_owned(),
                log_probs: log_probs(choice),
                hidden: Vec::new(),
            })
        };
        replies.iter().map(completion).collect()
    }

    fn draw(
        &self,
        prompts: &[String],
        max_tokens: usize,
        draws: &Draws,
    ) -> Result<Vec<Vec<String>>, ConfidenceError> {
        let replies = self.all(prompts, |prompt| {
            let mut request = self.request(prompt, max_tokens);
            request["temperature"] = draws.temperature.into();
            request["n"] = draws.copies.into();
            request["seed"] = draws.seed.into();
            request
        })?;
        let texts = |reply: &Value| -> Result<Vec<String>, ConfidenceError> {
            let choices = reply["choices"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            if choices.len() != draws.copies {
                return Err(self.error(&format!(
                    "drew {} of {} answers",
                    choices.len(),
                    draws.copies
                )));
            }
            choices
                .iter()
                .map(|choice| self.text(choice).map(str::to_owned))
                .collect()
        };
        replies.iter().map(texts).collect()
    }

    fn prefers(
        &self,
        prompts: &[String],
        yes: &str,
        no: &str,
    ) -> Result<Vec<Option<f64>>, ConfidenceError> {
        let replies = self.all(prompts, |prompt| {
            let mut request = self.request(prompt, 1);
            request["logprobs"] = true.into();
            request["top_logprobs"] = TOP.into();
            request
        })?;
        let preference = |reply: &Value| preference(&reply["choices"][0], yes, no);
        Ok(replies.iter().map(preference).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::sync::mpsc;

    use super::*;

    /// A server that gives these replies (status, body) in turn and tells what it was asked.
    fn server(replies: Vec<(u16, String)>) -> (String, mpsc::Receiver<(String, Value)>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1/", listener.local_addr().unwrap());
        let (asked, requests) = mpsc::channel();
        std::thread::spawn(move || {
            for (status, body) in replies {
                let (stream, _) = listener.accept().unwrap();
                let mut reader = BufReader::new(stream);
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") {
                    reader.read_line(&mut head).unwrap();
                }
                let length = head.lines().find_map(|line| {
                    line.to_lowercase()
                        .strip_prefix("content-length: ")?
                        .parse()
                        .ok()
                });
                let mut sent = vec![0; length.unwrap_or(0)];
                reader.read_exact(&mut sent).unwrap();
                let sent = serde_json::from_slice(&sent).unwrap();
                asked.send((head, sent)).unwrap();
                let reply = format!(
                    "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                reader.get_mut().write_all(reply.as_bytes()).unwrap();
            }
        });
        (url, requests)
    }

    fn endpoint(url: &str) -> Endpoint {
        let made = Endpoint::new(url, "m", Some("secret".into())).unwrap();
        made.with_first_pause(Duration::from_millis(1))
    }

    fn prompts() -> Vec<String> {
        vec!["3 + 4 =".into()]
    }

    #[test]
    fn an_answer_comes_with_its_log_probabilities_after_trouble() {
        let reply = json!({"choices": [{"message": {"content": "7"},
            "logprobs": {"content": [{"token": "7", "logprob": -0.25}]}}]});
        let (url, requests) = server(vec![
            (500, "busy".into()),
            (429, "slow down".into()),
            (200, reply.to_string()),
        ]);
        let found = endpoint(&url).complete(&prompts(), 5, None).unwrap();
        assert_eq!(
            (found[0].text.as_str(), found[0].log_probs.as_deref()),
            ("7", Some(&[-0.25][..]))
        );
        let (head, sent) = requests.iter().nth(2).unwrap();
        assert!(head.starts_with("POST /v1/chat/completions "));
        assert!(head.contains("Bearer secret"));
        assert_eq!(
            (&sent["max_tokens"], &sent["temperature"]),
            (&5.into(), &0.into())
        );
        assert_eq!(sent["messages"][1]["content"], "3 + 4 =");
    }

    #[test]
    fn preference_is_among_the_two_words() {
        let top = json!([{"token": " True", "logprob": -1.0}, {"token": "True", "logprob": -2.0},
            {"token": " False", "logprob": -1.5}, {"token": " maybe", "logprob": -3.0}]);
        let reply = json!({"choices": [{"message": {"content": "True"},
            "logprobs": {"content": [{"token": " True", "logprob": -1.0, "top_logprobs": top}]}}]});
        let (url, _requests) = server(vec![(200, reply.to_string()), (200, "{}".into())]);
        let endpoint = endpoint(&url);
        let found = endpoint.prefers(&prompts(), " True", " False").unwrap()[0].unwrap();
        let yes = (-1.0_f64).exp() + (-2.0_f64).exp();
        assert!((found - yes / (yes + (-1.5_f64).exp())).abs() < 1e-12);
        assert_eq!(
            endpoint.prefers(&prompts(), " True", " False").unwrap(),
            [None]
        );
    }

    #[test]
    fn draws_must_all_come() {
        let reply =
            json!({"choices": [{"message": {"content": "7"}}, {"message": {"content": "8"}}]});
        let (url, requests) = server(vec![(200, reply.to_string()), (200, reply.to_string())]);
        let endpoint = endpoint(&url);
        let mut draws = Draws {
            copies: 2,
            temperature: 0.7,
            seed: 3,
        };
        assert_eq!(endpoint.draw(&prompts(), 5, &draws).unwrap(), [["7", "8"]]);
        assert_eq!(requests.recv().unwrap().1["n"], 2);
        draws.copies = 3;
        let error = endpoint
            .draw(&prompts(), 5, &draws)
            .unwrap_err()
            .to_string();
        assert!(error.contains("2 of 3"), "{error}");
    }

    #[test]
    fn what_will_not_get_better_is_not_tried_again() {
        let (url, requests) = server(vec![(401, "{\"error\": \"no such key\"}".into())]);
        let error = endpoint(&url)
            .complete(&prompts(), 5, None)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("401") && error.contains("no such key"),
            "{error}"
        );
        assert_eq!(requests.iter().count(), 1);
        assert!(Endpoint::new("ftp://a", "m", None).is_err());
    }

    #[test]
    fn trouble_without_end_is_an_error() {
        let (url, requests) = server(vec![(503, String::new()); TRIES as usize]);
        let error = endpoint(&url)
            .complete(&prompts(), 5, None)
            .unwrap_err()
            .to_string();
        assert!(error.contains("503"), "{error}");
        assert_eq!(requests.iter().count(), TRIES as usize);
    }
}
