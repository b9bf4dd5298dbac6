//! The caller's own points: kept, moved, shortened or dropped.

use super::super::draft::Draft;
use super::super::report::Rule;
use super::{MOST, Place, each_point, is_taken, may_follow};
use crate::catalog::facts::Family;
use crate::converse::{
    CachePointBlock, CachePointType, CacheTtl, ContentBlock, Message, SystemContentBlock, Tool,
    ToolResultContentBlock,
};

/// Makes the caller's points ones that the model takes.
pub(super) fn apply(draft: &mut Draft<'_>) {
    tools(draft);
    system(draft);
    messages(draft);
    kinds(draft);
    lifetimes(draft);
    drop_first(draft);
}

/// Whether the caller's points may stand in a place.
fn may_stay(draft: &Draft<'_>, place: Place) -> bool {
    (is_taken(draft, place) || draft.is_unknown()) && !draft.is_refused("cachePoint")
}

/// A rule of its own: it comes before a result can become text, which would tell the point to the model.
pub(in super::super) fn drop_inside_results(draft: &mut Draft<'_>) {
    draft.each_result_piece(|draft, spot, piece, out| {
        if matches!(&piece, ToolResultContentBlock::Unknown(member) if member.name == "cachePoint") {
            let why = "a cache point stands behind a tool result and not inside it";
            draft.note(Rule::CachePoints, spot, why, None);
            return;
        }
        out.push(piece);
    });
}

fn tools(draft: &mut Draft<'_>) {
    let stays = may_stay(draft, Place::Tools);
    let Some(mut config) = draft.request.tool_config.take() else { return };
    let mut has_cacheable = false;
    let before = config.tools.len();
    config.tools.retain(|tool| {
        let is_point = matches!(tool, Tool::CachePoint(_));
        let is_kept = !is_point || stays && has_cacheable;
        has_cacheable = !is_point;
        is_kept
    });
    if config.tools.len() < before {
        note_dropped(draft, "toolConfig.tools", stays, "cache.tools");
    }
    draft.request.tool_config = Some(config);
}

fn system(draft: &mut Draft<'_>) {
    let stays = may_stay(draft, Place::System);
    let mut has_cacheable = false;
    let before = draft.request.system.len();
    draft.request.system.retain(|block| {
        let is_point = matches!(block, SystemContentBlock::CachePoint(_));
        let is_kept = !is_point || stays && has_cacheable;
        has_cacheable = !is_point;
        is_kept
    });
    if draft.request.system.len() < before {
        note_dropped(draft, "system", stays, "cache.system");
    }
}

fn note_dropped(draft: &mut Draft<'_>, place: &str, is_taken: bool, fact: &'static str) {
    if is_taken {
        let why = "a cache point needs something before it that can be cached";
        draft.note(Rule::CachePoints, place, why, None);
    } else {
        draft.note(Rule::CachePoints, place, "this model takes no cache points there", Some(fact));
    }
}

fn messages(draft: &mut Draft<'_>) {
    let stays = may_stay(draft, Place::Messages);
    let family = draft.facts.family;
    let mut messages = std::mem::take(&mut draft.request.messages);
    for (at, message) in messages.iter_mut().enumerate() {
        let place = format!("messages[{at}].content");
        let before = message.content.len();
        if !stays {
            message.content.retain(|block| !matches!(block, ContentBlock::CachePoint(_)));
            if message.content.len() < before {
                note_dropped(draft, &place, stays, "cache.messages");
            }
        } else if move_points(message, family) {
            let why =
                "cache points must stand behind a block that can be cached, one at a time, and move there";
            draft.note(Rule::CachePoints, &place, why, None);
        }
    }
    draft.request.messages = messages;
}

/// Moves each point that stands where it may not behind the next block that it may follow, else behind the last
/// one. Says whether any moved.
fn move_points(message: &mut Message, family: Family) -> bool {
    let blocks = std::mem::take(&mut message.content);
    let mut carried: Option<CachePointBlock> = None;
    let mut moved = false;
    for block in blocks {
        let ContentBlock::CachePoint(point) = block else {
            let is_end = may_follow(&block, family);
            message.content.push(block);
            if let Some(point) = carried.take_if(|_| is_end) {
                message.content.push(ContentBlock::CachePoint(point));
            }
            continue;
        };
        if message.content.last().is_some_and(|last| may_follow(last, family)) {
            message.content.push(ContentBlock::CachePoint(point));
        } else {
            moved = true;
            // Two points in one place are one.
            let is_double = matches!(message.content.last(), Some(ContentBlock::CachePoint(_)));
            carried = carried.or(Some(point)).filter(|_| !is_double);
        }
    }
    if let Some(point) = carried {
        let last = message.content.iter().rposition(|block| may_follow(block, family));
        let is_free = |at: usize| !matches!(message.content.get(at + 1), Some(ContentBlock::CachePoint(_)));
        if let Some(last) = last.filter(|last| is_free(*last)) {
            message.content.insert(last + 1, ContentBlock::CachePoint(point));
        }
    }
    moved
}

/// Gives points without a type the only one there is.
fn kinds(draft: &mut Draft<'_>) {
    let mut any = false;
    each_point(&mut draft.request, |_, point| {
        if point.kind.as_str().is_empty() {
            point.kind = CachePointType::DEFAULT;
            any = true;
        }
    });
    if any {
        draft.note(Rule::CachePoints, "cachePoint.type", "a cache point must say its type", None);
    }
}

/// Drops lifetimes that the model does not take, and keeps the points.
fn lifetimes(draft: &mut Draft<'_>) {
    let is_refused = draft.is_refused("cachePoint.ttl");
    if !is_refused && (draft.facts.cache.one_hour || draft.is_unknown()) {
        return;
    }
    let mut any = false;
    each_point(&mut draft.request, |_, point| {
        any |= point.ttl.take_if(|ttl| is_refused || *ttl == CacheTtl::ONE_HOUR).is_some();
    });
    if any {
        let why = "this model keeps a prompt for five minutes";
        draft.note(Rule::CachePoints, "cachePoint.ttl", why, Some("cache.oneHour"));
    }
}

/// Drops the first points when there are too many: the last ones cover most.
fn drop_first(draft: &mut Draft<'_>) {
    let mut count = 0_usize;
    each_point(&mut draft.request, |_, _| count += 1);
    let Some(mut surplus) = count.checked_sub(MOST).filter(|surplus| *surplus > 0) else { return };
    let mut is_surplus = |is_point: bool| {
        let drops = is_point && surplus > 0;
        surplus -= usize::from(drops);
        drops
    };
    if let Some(config) = &mut draft.request.tool_config {
        config.tools.retain(|tool| !is_surplus(matches!(tool, Tool::CachePoint(_))));
    }
    draft.request.system.retain(|block| !is_surplus(matches!(block, SystemContentBlock::CachePoint(_))));
    for message in &mut draft.request.messages {
        message.content.retain(|block| !is_surplus(matches!(block, ContentBlock::CachePoint(_))));
    }
    let why = "a request has at most four cache points, of which the last cover most";
    draft.note(Rule::CachePoints, "cachePoint", why, None);
}

/// Shortens points of an hour behind ones of five minutes.
pub(super) fn order_lifetimes(draft: &mut Draft<'_>) {
    let (mut is_short, mut any) = (false, false);
    each_point(&mut draft.request, |_, point| {
        if point.ttl.as_ref() != Some(&CacheTtl::ONE_HOUR) {
            is_short = true;
        } else if is_short {
            point.ttl = None;
            any = true;
        }
    });
    if any {
        let why = "a cache point of an hour must not stand behind one of five minutes";
        draft.note(Rule::CachePoints, "cachePoint.ttl", why, None);
    }
}
