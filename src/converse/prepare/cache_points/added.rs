//! Points that are added for the wish, or because the model is worth it.

use super::super::draft::{Draft, is_cache_point};
use super::super::options::CacheRetention;
use super::super::report::Rule;
use super::{MOST, Place, each_point, is_taken, may_follow};
use crate::converse::{CachePointBlock, CacheTtl, ContentBlock, Message, Role, SystemContentBlock, Tool};

/// Turns of the user that get a point: the next request reads up to the first and writes up to the second.
const TURNS: usize = 2;

/// Adds points in the places that have none yet, as long as there are fewer than four.
pub(super) fn apply(draft: &mut Draft<'_>) {
    let mut count = 0;
    each_point(&mut draft.request, |_, _| count += 1);
    let retention = match draft.options.cache {
        Some(CacheRetention::None) => return,
        // A caller who sets points himself knows where he wants them.
        None if count > 0 || !draft.facts.cache.by_default => return,
        None => CacheRetention::Short,
        Some(retention) => retention,
    };
    let places = [Place::Tools, Place::System, Place::Messages];
    if draft.is_refused("cachePoint") || !places.into_iter().any(|place| may_be(draft, place)) {
        let why = "this model is not known to take cache points";
        draft.note(Rule::CachePoints, "options.cache", why, Some("cache"));
        return;
    }
    let takes_hours = draft.facts.cache.one_hour && !draft.is_refused("cachePoint.ttl");
    let is_long = retention == CacheRetention::Long && takes_hours;
    if retention == CacheRetention::Long && !is_long {
        let why = "this model keeps a prompt for five minutes";
        draft.note(Rule::CachePoints, "options.cache", why, Some("cache.oneHour"));
    }
    let ttl = is_long.then_some(CacheTtl::ONE_HOUR);
    let point = CachePointBlock { ttl, ..CachePointBlock::default() };
    let is_wish = draft.options.cache.is_some();
    for add in [last_turns, system, tools] {
        count += add(draft, &point, MOST.saturating_sub(count), is_wish);
    }
}

/// Whether a point may be added in a place. Who wishes for points on a model of which nothing is known gets
/// them where nearly all take them.
fn may_be(draft: &Draft<'_>, place: Place) -> bool {
    let is_dared = draft.is_unknown() && draft.options.cache.is_some() && place != Place::Tools;
    is_taken(draft, place) || is_dared
}

fn note(draft: &mut Draft<'_>, place: &str, is_wish: bool) {
    if !is_wish {
        let why = "this model caches prompts, which costs less when they are sent again";
        draft.note(Rule::CachePoints, place, why, Some("cache.byDefault"));
    }
}

fn tools(draft: &mut Draft<'_>, point: &CachePointBlock, left: usize, is_wish: bool) -> usize {
    if left == 0 || !may_be(draft, Place::Tools) {
        return 0;
    }
    let Some(config) = &mut draft.request.tool_config else { return 0 };
    if config.tools.last().is_none_or(|tool| matches!(tool, Tool::CachePoint(_))) {
        return 0;
    }
    config.tools.push(Tool::CachePoint(point.clone()));
    note(draft, "toolConfig.tools", is_wish);
    1
}

fn system(draft: &mut Draft<'_>, point: &CachePointBlock, left: usize, is_wish: bool) -> usize {
    if left == 0 || !may_be(draft, Place::System) {
        return 0;
    }
    let system = &mut draft.request.system;
    if system.last().is_none_or(|block| matches!(block, SystemContentBlock::CachePoint(_))) {
        return 0;
    }
    system.push(SystemContentBlock::CachePoint(point.clone()));
    note(draft, "system", is_wish);
    1
}

fn last_turns(draft: &mut Draft<'_>, point: &CachePointBlock, left: usize, is_wish: bool) -> usize {
    let is_open = draft.request.messages.last().is_some_and(|last| last.role == Role::User);
    if !may_be(draft, Place::Messages) || !is_open {
        return 0;
    }
    let family = draft.facts.family;
    let turns =
        draft.request.messages.iter_mut().enumerate().rev().filter(|(_, turn)| turn.role == Role::User);
    let mut added = Vec::new();
    for (at, turn) in turns.take(TURNS) {
        if added.len() < left && insert(turn, point, |block| may_follow(block, family)) {
            added.push(at);
        }
    }
    for at in &added {
        note(draft, &format!("messages[{at}].content"), is_wish);
    }
    added.len()
}

/// Puts a point behind the last block that it may follow, unless there is one behind it already.
fn insert(turn: &mut Message, point: &CachePointBlock, may_follow: impl Fn(&ContentBlock) -> bool) -> bool {
    let Some(last) = turn.content.iter().rposition(may_follow) else { return false };
    if turn.content.iter().skip(last).any(is_cache_point) {
        return false;
    }
    turn.content.insert(last + 1, ContentBlock::CachePoint(point.clone()));
    true
}
