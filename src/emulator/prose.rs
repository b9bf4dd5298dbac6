//! What the emulated model talks about: rocks, in plausible sentences chosen by the question.
//!
//! The same question gives the same text. A question in Chinese is answered in Chinese; `Reply with X` is
//! obeyed; a number before the word `words` sets the length. Nothing here understands anything.

use super::dice::Dice;

/// Words of an answer when the question names no number: at least, and the spread above it.
const LENGTH: (usize, usize) = (90, 90);

/// The longest answer that a question can ask for.
const LONGEST: usize = 20_000;

const SENTENCES: [&str; 36] = [
    "Basalt covers most of the ocean floor: lava that met cold water and froze before crystals could grow.",
    "Granite cooled kilometres below the surface, slowly enough for its quartz to become visible.",
    "If you scratch it with a steel nail and the nail loses, you are probably looking at quartz.",
    "An outcrop is the place where bedrock stops hiding under soil and can be read directly.",
    "Limestone fizzes under a drop of dilute acid, which remains the cheapest test in the field kit.",
    "Geologists write strike and dip in the notebook first, and their theories on the next page.",
    "Obsidian has no crystals at all; it is glass, and its edge is sharper than a surgeon's scalpel.",
    "Schist glitters because its mica flakes were turned to face the same way by pressure.",
    "Sandstone keeps the shape of the dunes and rivers that made it, ripple marks included.",
    "At about 700 °C and enough pressure, a dull mudstone has become a banded gneiss.",
    "A fault is an argument between two blocks of crust, settled a few metres at a time.",
    "The Alps near Zürich still rise by roughly a millimetre a year, and erosion takes about as much away.",
    "\"The present is the key to the past\" is uniformitarianism in eight words, and it works often.",
    "Pumice floats, since it is more bubble than stone.",
    "Fossils are common in shale and almost unheard of in granite, which tells you a good deal about both.",
    "Weathering starts at the joints, where water gets in, freezes and pries the rock apart.",
    "Every map of bedrock is a set of educated guesses drawn between the places where someone could see it.",
    "A hand lens with ten-fold magnification answers more questions than most laboratories get asked.",
    "Marble is limestone that has been through heat and kept its composure.",
    "The oldest crystals known are zircons of nearly 4.4 billion years, smaller than a grain of sugar.",
    "Columns form when a thick flow of basalt shrinks as it cools and cracks into hexagons.",
    "Chert breaks like glass, which is why people made knives of it for two million years.",
    "Density helps: peridotite weighs about 3.3 g/cm³, pumice often less than 1.",
    "Where one layer cuts another, the one that cuts is the younger.",
    "Slate splits along planes that have nothing to do with its original bedding.",
    "Iron gives red and brown, copper gives green, and organic carbon gives black.",
    "A good sample is the size of a fist, fresh on one side, and labelled before the next one is picked up.",
    "Rivers sort their load: boulders stay near the mountains, clay reaches the sea.",
    "Conglomerate is a river bed caught in cement, with pebbles from everywhere upstream.",
    "The Moho, ten to seventy kilometres down, is where the crust ends and the mantle begins.",
    "Gypsum can be scratched with a fingernail; that alone rules out most of its neighbours.",
    "Dikes are cracks that magma filled, and they often outlast the rock they broke.",
    "Karst landscapes are what remains when rain has dissolved the easy parts.",
    "Loess is dust that travelled with the wind in the ice ages and makes excellent fields today.",
    "The plain grey pebble deserves a look too: it may come from the far side of the range. \u{1faa8}",
    "None of this is certain until someone walks up the hill with a hammer and looks.",
];

const CHINESE: [&str; 9] = [
    "玄武岩是海底最常见的岩石，由迅速冷却的熔岩形成。",
    "花岗岩在地下深处缓慢冷却，所以晶体肉眼可见。",
    "石灰岩遇到稀盐酸会冒泡，这是野外最简单的鉴定方法。",
    "片岩之所以闪光，是因为云母在压力下排列成同一方向。",
    "砂岩保留了古代沙丘和河流的波纹。",
    "黑曜石没有晶体，它是天然玻璃，边缘非常锋利。🪨",
    "断层是地壳两侧缓慢的争执，每次只移动几米。",
    "最古老的锆石晶体约有四十四亿年的历史。",
    "在露头处，基岩不再被土壤覆盖，可以直接观察。",
];

const THOUGHTS: [&str; 6] = [
    "First I should settle what is being asked and what can be left out.",
    "The texture matters more than the colour here, so I will begin with grain size.",
    "It may help to compare an igneous rock with a metamorphic one.",
    "I want to avoid claiming more than a hand sample could show.",
    "An order of magnitude is enough; nobody needs the third digit.",
    "That settles it, and I can write the answer.",
];

/// The text that answers `question`.
pub(super) fn answer(question: &str) -> String {
    if let Some(reply) = dictated_reply(question) {
        return reply.to_owned();
    }
    let mut dice = Dice::new(question);
    let is_chinese = question.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let topic = clip(question, 60);
    let (sentences, opening, joint, words_a_sentence): (&[&str], _, _, usize) = if is_chinese {
        (&CHINESE, format!("关于“{topic}”：岩石可以回答一部分。"), "", 20)
    } else if topic.is_empty() {
        (&SENTENCES, "You sent no words, so here are some about rocks.".to_owned(), " ", 1)
    } else {
        (&SENTENCES, format!("About \"{topic}\" the rocks have this to say."), " ", 1)
    };
    let length = wanted_words(question).unwrap_or_else(|| LENGTH.0 + dice.below(LENGTH.1));
    let mut text = opening;
    let (mut words, mut written, mut at) = (text.split_whitespace().count(), 0, dice.below(sentences.len()));
    // A step that shares no factor with the number of sentences visits each before any comes twice.
    let step = dice.pick(&[1, 5, 7]);
    while words < length {
        let sentence = sentences.get(at % sentences.len()).copied().unwrap_or_default();
        words += sentence.split_whitespace().count() * words_a_sentence;
        text.push_str(if written % 4 == 0 { "\n\n" } else { joint });
        text.push_str(sentence);
        (written, at) = (written + 1, at + step);
    }
    text
}

/// What the model thinks before it answers `question`.
pub(super) fn thoughts(question: &str) -> String {
    let mut dice = Dice::new(question);
    let first = dice.below(THOUGHTS.len());
    let mut text = format!("The question is about \"{}\".", clip(question, 40));
    for offset in 0..4 {
        text.push(' ');
        text.push_str(THOUGHTS.get((first + offset) % THOUGHTS.len()).copied().unwrap_or_default());
    }
    text
}

/// The first line of `text`, trimmed, at most `limit` characters.
pub(super) fn clip(text: &str, limit: usize) -> String {
    let line = text.trim().lines().next().unwrap_or_default().trim_end();
    match line.char_indices().nth(limit) {
        Some((end, _)) => format!("{}...", line.get(..end).unwrap_or(line).trim_end()),
        None => line.to_owned(),
    }
}

/// X of a question that is all `Reply with X`.
fn dictated_reply(question: &str) -> Option<&str> {
    let question = question.trim();
    let (head, reply) = question.split_at_checked("reply with ".len())?;
    let reply = reply.trim().trim_matches('"');
    (head.eq_ignore_ascii_case("reply with ") && !reply.is_empty() && !reply.contains('\n')).then_some(reply)
}

/// The number before the word `words`.
fn wanted_words(question: &str) -> Option<usize> {
    let mut before = "";
    for word in question.split_whitespace() {
        if word.trim_end_matches(|c: char| !c.is_alphabetic()).eq_ignore_ascii_case("words")
            && let Ok(number) = before.parse::<usize>()
        {
            return Some(number.min(LONGEST));
        }
        before = word;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{answer, clip, thoughts};

    #[test]
    fn answers_depend_on_the_question_alone() {
        let question = "Why is basalt dark?";
        assert_eq!(answer(question), answer(question));
        assert_ne!(answer(question), answer("Why is granite pale?"));
        assert!(answer(question).contains(question));
        assert!(answer(question).split_whitespace().count() >= 90);
        assert!(thoughts(question).contains(question));
    }

    #[test]
    fn length_language_and_words_can_be_asked_for() {
        let words = |text: &str| answer(text).split_whitespace().count();
        assert!((500..540).contains(&words("Describe granite in 500 words.")));
        assert!(words("Describe granite in 99999999 words.") < 20_100);
        assert!(answer("花岗岩是什么？").contains("岩石可以回答"));
        assert_eq!(answer("Reply with OK."), "OK.");
        assert_eq!(answer(" reply with \"yes\" "), "yes");
        assert_ne!(answer("Reply with "), "");
    }

    #[test]
    fn long_questions_are_clipped_between_characters() {
        assert_eq!(clip("  one\ntwo", 10), "one");
        assert_eq!(clip("äöüäöü", 3), "äöü...");
        assert_eq!(clip("äöü", 3), "äöü");
    }

    proptest::proptest! {
        #[test]
        fn any_question_is_answered(question in "\\PC{0,60}") {
            proptest::prop_assert!(!answer(&question).is_empty());
            proptest::prop_assert!(!thoughts(&question).is_empty());
        }
    }
}
