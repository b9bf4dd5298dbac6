//! What the emulator has given out: temporary keys and tokens, until a day after their end.
//!
//! Keys and tokens are drawn from their number, so that runs can be compared. They are no secrets.

use super::options::ExpiringToken;
use crate::emulator::dice::Dice;
use crate::emulator::options::AccessKey;
use crate::secret::Secret;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// What is over for so long is forgotten. Until then the answer is that it has expired.
const KEPT_AFTER_END: Duration = Duration::from_secs(24 * 60 * 60);

/// A key with the one whom it speaks for.
#[derive(Debug, Clone)]
pub(in crate::emulator) struct HeldKey {
    pub(in crate::emulator) key: AccessKey,
    /// ARN of the user or of the session of a role.
    pub(in crate::emulator) arn: String,
}

/// Temporary credentials as they are handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Issue {
    pub(super) access_key_id: String,
    pub(super) secret_access_key: String,
    pub(super) session_token: String,
    pub(super) expiration: SystemTime,
}

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To read instance metadata.
    Metadata,
    /// To ask the SSO portal for credentials.
    SsoAccess,
    /// To get the next access token, or credentials, once.
    Refresh,
}

/// What is known of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Good,
    /// Its time is over.
    Ended,
    /// Never given out, used up, or forgotten.
    Unknown,
}

#[derive(Debug)]
struct HeldToken {
    purpose: Purpose,
    text: String,
    expires: Option<SystemTime>,
}

/// Everything given out, behind a lock.
#[derive(Debug, Default)]
pub(in crate::emulator) struct Issued {
    shelf: Mutex<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    count: u64,
    keys: Vec<HeldKey>,
    tokens: Vec<HeldToken>,
    /// Refresh tokens that were known from the beginning and have been used.
    used: Vec<String>,
}

impl Issued {
    /// The key of this id, also when its time is over.
    pub(in crate::emulator) fn key(&self, access_key_id: &str) -> Option<HeldKey> {
        self.shelf().keys.iter().find(|held| held.key.access_key_id == access_key_id).cloned()
    }

    /// Temporary credentials of `arn`, accepted from now on for `lifetime`.
    pub(super) fn issue(&self, arn: String, lifetime: Duration, now: SystemTime) -> Issue {
        let mut shelf = self.shelf();
        let mut dice = shelf.next_dice("key");
        let expires = now.checked_add(lifetime).unwrap_or(now);
        let issue = Issue {
            access_key_id: format!("ASIA{}", draw(&mut dice, BASE32, 16)),
            secret_access_key: draw(&mut dice, BASE64, 40),
            session_token: format!("IQoJ{}==", draw(&mut dice, BASE64, 90)),
            expiration: expires,
        };
        let key = AccessKey {
            access_key_id: issue.access_key_id.clone(),
            secret_access_key: Secret::from(issue.secret_access_key.as_str()),
            session_token: Some(Secret::from(issue.session_token.as_str())),
            expires: Some(expires),
        };
        shelf.keys.retain(|held| is_kept(held.key.expires, now));
        shelf.keys.push(HeldKey { key, arn });
        issue
    }

    /// A new token, accepted from now on for `lifetime`.
    pub(super) fn issue_token(&self, purpose: Purpose, lifetime: Duration, now: SystemTime) -> String {
        let mut shelf = self.shelf();
        let text = draw(&mut shelf.next_dice("token"), BASE64URL, 56);
        shelf.tokens.retain(|held| is_kept(held.expires, now));
        let expires = Some(now.checked_add(lifetime).unwrap_or(now));
        shelf.tokens.push(HeldToken { purpose, text: text.clone(), expires });
        text
    }

    /// What a token is worth that was given out for this purpose, or is one of `seeds`: tokens that were
    /// known from the beginning.
    pub(super) fn standing(
        &self,
        purpose: Purpose,
        text: &str,
        seeds: &[ExpiringToken],
        now: SystemTime,
    ) -> Standing {
        self.shelf().standing(purpose, text, seeds, now)
    }

    /// The same for a refresh token, which is used up if it was good.
    pub(super) fn redeem(&self, text: &str, seeds: &[ExpiringToken], now: SystemTime) -> Standing {
        let mut shelf = self.shelf();
        let standing = shelf.standing(Purpose::Refresh, text, seeds, now);
        if standing == Standing::Good {
            shelf.tokens.retain(|held| held.purpose != Purpose::Refresh || held.text != text);
            if seeds.iter().any(|seed| seed.token.expose() == text) {
                shelf.used.push(text.to_owned());
            }
        }
        standing
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // A poisoned lock only means that another request died while it took something.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn next_dice(&mut self, kind: &str) -> Dice {
        self.count += 1;
        Dice::new(&format!("{kind} {}", self.count))
    }

    fn standing(&self, purpose: Purpose, text: &str, seeds: &[ExpiringToken], now: SystemTime) -> Standing {
        let is_right = |held: &&HeldToken| held.purpose == purpose && held.text == text;
        let held = self.tokens.iter().find(is_right).map(|held| held.expires);
        let is_unused = |seed: &&ExpiringToken| {
            seed.token.expose() == text
                && !(purpose == Purpose::Refresh && self.used.iter().any(|used| used == text))
        };
        let expires = held.or_else(|| seeds.iter().find(is_unused).map(|seed| seed.expires));
        match expires {
            Some(expires) if is_current(expires, now) => Standing::Good,
            Some(_) => Standing::Ended,
            None => Standing::Unknown,
        }
    }
}

/// The ARN of a session of a role.
pub(super) fn session_arn(account_id: &str, role_name: &str, session_name: &str) -> String {
    format!("arn:aws:sts::{account_id}:assumed-role/{role_name}/{session_name}")
}

fn is_current(expires: Option<SystemTime>, now: SystemTime) -> bool {
    expires.is_none_or(|end| now < end)
}

fn is_kept(expires: Option<SystemTime>, now: SystemTime) -> bool {
    is_current(expires.and_then(|end| end.checked_add(KEPT_AFTER_END)), now)
}

const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64URL: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn draw(dice: &mut Dice, alphabet: &[u8], length: usize) -> String {
    (0..length).map(|_| char::from(dice.pick(alphabet))).collect()
}

#[cfg(test)]
mod tests {
    use super::{ExpiringToken, Issued, KEPT_AFTER_END, Purpose, Standing};
    use crate::secret::Secret;
    use crate::time::from_unix_seconds;
    use std::time::Duration;

    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn keys_differ_and_are_kept_until_a_day_after_their_end() {
        let (issued, now) = (Issued::default(), from_unix_seconds(1_735_787_045).unwrap());
        let first = issued.issue("arn:a".to_owned(), HOUR, now);
        let second = issued.issue("arn:b".to_owned(), HOUR, now + KEPT_AFTER_END);
        assert_ne!(first.access_key_id, second.access_key_id);
        assert_ne!(first.session_token, second.session_token);
        assert_eq!((first.access_key_id.len(), first.secret_access_key.len()), (20, 40));
        assert_eq!(first.expiration, now + HOUR);
        let held = issued.key(&first.access_key_id).unwrap();
        assert_eq!((held.arn.as_str(), held.key.expires), ("arn:a", Some(now + HOUR)));
        issued.issue("arn:c".to_owned(), HOUR, now + KEPT_AFTER_END + HOUR);
        assert!(issued.key(&first.access_key_id).is_none());
        assert!(issued.key(&second.access_key_id).is_some());
    }

    #[test]
    fn tokens_are_accepted_until_their_end() {
        let (issued, now) = (Issued::default(), from_unix_seconds(1_735_787_045).unwrap());
        let token = issued.issue_token(Purpose::Metadata, HOUR, now);
        let ended = ExpiringToken { token: Secret::from("ended"), expires: Some(now) };
        let seeds = [ended, ExpiringToken::lasting("seed")];
        for (purpose, text, at, standing) in [
            (Purpose::Metadata, token.as_str(), now, Standing::Good),
            (Purpose::Metadata, token.as_str(), now + HOUR, Standing::Ended),
            (Purpose::SsoAccess, token.as_str(), now, Standing::Unknown),
            (Purpose::Metadata, "", now, Standing::Unknown),
            (Purpose::SsoAccess, "seed", now + HOUR, Standing::Good),
            (Purpose::SsoAccess, "ended", now, Standing::Ended),
        ] {
            assert_eq!(issued.standing(purpose, text, &seeds, at), standing, "{text}");
        }
    }

    #[test]
    fn a_refresh_token_is_good_for_one_use() {
        let (issued, now) = (Issued::default(), from_unix_seconds(1_735_787_045).unwrap());
        let ended = ExpiringToken { token: Secret::from("ended"), expires: Some(now) };
        let seeds = [ended, ExpiringToken::lasting("seed")];
        let given = issued.issue_token(Purpose::Refresh, HOUR, now);
        for (text, standing) in [
            ("seed", Standing::Good),
            ("seed", Standing::Unknown),
            (given.as_str(), Standing::Good),
            (given.as_str(), Standing::Unknown),
            ("ended", Standing::Ended),
            ("ended", Standing::Ended),
        ] {
            assert_eq!(issued.redeem(text, &seeds, now), standing, "{text}");
        }
    }
}
