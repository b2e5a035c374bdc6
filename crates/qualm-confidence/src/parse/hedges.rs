//! How people say what they believe in words: each pattern with the measured phrase that it is a
//! form of, or that everyday language sets it equal to.

/// How a pattern relates to the phrase beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tie {
    /// The same phrase in another form ("almost certainly"): counts in every lexicon that has the
    /// phrase.
    Form,
    /// Set equal to the phrase by us: counts in the lexicon `everyday` alone.
    Aligned,
    /// Says that the answer may be wrong, so that it means the opposite of the phrase; `everyday`
    /// alone.
    Opposite,
}

/// What must hold around a pattern for it to count, as bits.
pub(super) type Needs = u8;
/// The writer speaks for themselves, not of someone else: "she was fairly sure" does not count.
pub(super) const OWN: Needs = 1;
/// A label stands before it: "Confidence: certain".
pub(super) const LABELLED: Needs = 2;
/// It is no month.
pub(super) const VERB: Needs = 4;
/// It tells of an event, so that an "if" may follow.
pub(super) const EVENT: Needs = 8;

use Tie::{Aligned, Form, Opposite};

/// Patterns in lower case, contractions spelled out, with the phrase that gives them their value.
/// A later pattern replaces an earlier one that stands for the same words.
pub(super) const HEDGES: &[(&str, Tie, &str, Needs)] = &[
    // Certainty.
    ("{definitely|undoubtedly|unquestionably|doubtless|indubitably|indisputably}", Aligned, "Will Happen", 0),
    ("{certainly|surely|assuredly}", Aligned, "Will Happen", 0),
    ("{without|beyond|no} {a|any|} {reasonable|} {shadow of a|} doubt", Aligned, "Will Happen", 0),
    ("there is {absolutely|} no {reasonable|} doubt", Aligned, "Will Happen", 0),
    ("{i have|i had} {absolutely|} no {reasonable|} doubt", Aligned, "Will Happen", 0),
    ("{with|} {absolute|complete|full|total|utmost} {certainty|confidence}", Aligned, "Will Happen", 0),
    ("with certainty", Aligned, "Will Happen", 0),
    ("{i am|i feel|am|} {absolutely|completely|totally|entirely|fully|perfectly|100 percent} {sure|certain|confident|positive|convinced}", Aligned, "Will Happen", OWN),
    ("{i am|i feel} {sure|certain|positive|convinced}", Aligned, "Almost Certain", 0),
    ("it is certain", Aligned, "Almost Certain", EVENT),
    ("{certain|sure|positive}", Aligned, "Almost Certain", LABELLED),
    ("i know {for sure|for certain|for a fact}", Aligned, "Will Happen", 0),
    ("i {would|can} bet {my life|anything|the farm|the house}", Aligned, "Almost Certain", 0),
    ("{i am|i feel|am|} {almost|nearly} {sure|positive|100 percent sure|100 percent certain}", Aligned, "Almost Certain", OWN),
    ("{i am|am|} {almost|nearly|all but} certain", Form, "Almost Certain", OWN | EVENT),
    ("{almost|nearly} certainly", Form, "Almost Certain", EVENT),
    ("{i am|am|} {virtually|practically} {sure|certain}", Aligned, "Almost Certain", OWN | EVENT),
    ("{i am|am|} virtually certain", Form, "Virtually certain", OWN | EVENT),
    ("{i am|am|} practically certain", Aligned, "Almost Certain", OWN | EVENT),
    ("virtually certain", Aligned, "Almost Certain", OWN | EVENT),
    ("{virtually|practically} certainly", Aligned, "Almost Certain", EVENT),
    ("{i am|i feel|am|} {very|extremely|highly|really|super} {sure|certain|confident|positive|convinced}", Aligned, "Highly Likely", OWN),
    ("{with|i have|} {very|extremely} {high|strong} {certainty|confidence}", Aligned, "Highly Likely", 0),
    ("{with|} great {certainty|confidence}", Aligned, "Highly Likely", 0),
    // Sureness by degrees.
    ("{i am|i feel|am|} {quite|pretty} {sure|certain|confident|positive|convinced}", Aligned, "Very Good Chance", OWN),
    ("{i am|i feel|am|} confident", Aligned, "Very Good Chance", OWN),
    ("i am confident", Aligned, "Very Good Chance", 0),
    ("i {have|am} {good|strong} confidence", Aligned, "Very Good Chance", 0),
    ("with confidence", Aligned, "Very Good Chance", 0),
    ("{i am|i feel|am|} {fairly|reasonably|relatively|rather|mostly|largely|moderately|decently} {sure|certain|confident|positive|convinced}", Aligned, "Likely", OWN),
    ("with {some|reasonable|fair|moderate} {degree of|} {certainty|confidence}", Aligned, "Likely", 0),
    ("{i have|} {some|reasonable} {degree of|} {certainty|confidence} that", Aligned, "Likely", 0),
    ("{i am|i feel|am|} {somewhat|kind of|sort of|a bit|a little} {sure|certain|confident|convinced}", Aligned, "Better than Even", OWN),
    ("{it is|i think it is|} {pretty|fairly|} safe to {say|assume}", Aligned, "Very Good Chance", 0),
    // Doubt in sureness.
    ("{i am|am|} not {entirely|completely|totally|fully|absolutely|wholly|100 percent|altogether} {sure|certain|confident|positive|convinced}", Aligned, "Better than Even", OWN),
    ("{i am|am|} not {so|that|too|quite|really|very|all that|particularly|overly|terribly} {sure|certain|confident|convinced}", Aligned, "May Happen", OWN),
    ("{i am|am|} {not|less than} {sure|certain|confident|positive|convinced}", Aligned, "May Happen", OWN),
    ("{it is|that is|this is|} not certain", Aligned, "May Happen", OWN),
    ("{i am|am|} not {sure|certain|confident} at all", Aligned, "We Doubt", OWN),
    ("{i am|am|} {not at all|really not|not the least bit|hardly|far from|by no means} {sure|certain|confident|convinced}", Aligned, "We Doubt", OWN),
    ("{i am|i feel|am|} {unsure|uncertain|not entirely without doubt}", Aligned, "May Happen", OWN),
    ("{i am|i feel|am|} {somewhat|a bit|a little|slightly|rather|quite|still} {unsure|uncertain|hesitant|doubtful}", Aligned, "May Happen", OWN),
    ("{i am|i feel|am|} {very|highly|really|extremely|deeply|completely|totally} {unsure|uncertain|doubtful}", Aligned, "We Doubt", OWN),
    ("it is {unclear|uncertain}", Aligned, "May Happen", 0),
    ("{i am|} hesitant", Aligned, "May Happen", OWN),
    ("{with|} no {certainty|confidence}", Aligned, "We Doubt", 0),
    ("{with|i have|} {little|low|limited|not much} {certainty|confidence}", Aligned, "We Doubt", 0),
    ("{i have|} {very|extremely} {little|low} {certainty|confidence}", Aligned, "Highly Unlikely", 0),
    ("{with|} some {uncertainty|doubt|hesitation|reservations}", Aligned, "Better than Even", 0),
    ("{there is|i have} {some|a bit of|a little} {uncertainty|doubt}", Aligned, "Better than Even", 0),
    ("no {guarantee|guarantees}", Aligned, "May Happen", 0),
    ("not {guaranteed|a certainty|a given}", Aligned, "May Happen", 0),
    ("i can not {say|be|claim|confirm} {this|that|it|} {for sure|for certain|with certainty|with complete certainty|with absolute certainty|certain|sure|with full certainty|with confidence|definitively}", Aligned, "May Happen", 0),
    ("i do not know {this|that|it|} {for sure|for certain|with certainty}", Aligned, "May Happen", 0),
    ("i {can|could} not be {completely|absolutely|entirely|fully|100 percent|totally} {sure|certain}", Aligned, "Better than Even", 0),
    ("i {can|could} not be {sure|certain}", Aligned, "May Happen", 0),
    ("i {do not|would not} {think so|believe so}", Aligned, "Probably Not", 0),
    ("i {do not|would not} {think|believe} {that|it|this|}", Aligned, "Probably Not", 0),
    ("i {would not|will not} {bet|count} on {it|that|this|}", Aligned, "We Doubt", 0),
    ("i {really|very much|highly|seriously|strongly} doubt", Aligned, "Highly Unlikely", 0),
    ("{i doubt|we doubt|i have doubts|i have my doubts|i have serious doubts|doubting myself|i am doubtful|it is doubtful}", Aligned, "We Doubt", 0),
    ("{we doubt|i doubt}", Form, "We Doubt", 0),
    ("doubtful", Aligned, "We Doubt", LABELLED),
    // Belief.
    ("{we|i} {do|also|still|honestly|genuinely|} believe", Form, "We Believe", 0),
    ("i {would|am inclined to|tend to} believe", Aligned, "We Believe", 0),
    ("i {strongly|firmly|truly|really} believe", Aligned, "Very Good Chance", 0),
    ("i {do|also|still|honestly|would|tend to|} think", Aligned, "We Believe", 0),
    ("i {really|strongly|} {feel|figure|reckon|gather|understand|expect}", Aligned, "We Believe", 0),
    ("{my|the} {belief|understanding|impression|recollection|assessment|thinking} is", Aligned, "We Believe", 0),
    ("i {am|was} {under the impression|of the opinion}", Aligned, "We Believe", 0),
    ("{from|based on|according to|given} {what|all} i {know|have|understand|recall|remember|gather|have gathered|have read|have seen|have heard|have learned|can tell|can gather|can recall|can see|can find|could find}", Aligned, "Likely", 0),
    ("{from|based on|according to|going by|given} my {knowledge|memory|understanding|recollection|information|records|sources|data|training data|limited knowledge|best recollection|general knowledge}", Aligned, "Likely", 0),
    ("{from|off the top of} {memory|my head}", Aligned, "We Believe", 0),
    ("{so|as} far as {i|i am} {know|aware|recall|remember|understand|concerned|can tell|can recall|can see|can remember|can gather}", Aligned, "Likely", 0),
    ("as i {recall|remember|understand it}", Aligned, "Likely", 0),
    ("{to|as per} {the best of|} my {best|current|} {knowledge|recollection|memory|understanding}", Aligned, "Likely", 0),
    ("{based on|according to|from|given} {the|} {available|existing|current|known|historical|most|some|several|many|reliable} {information|data|records|evidence|sources|knowledge}", Aligned, "Likely", 0),
    ("{according to|based on} the {information|data|records|evidence|sources} {i have|available|at hand|at my disposal|}", Aligned, "Likely", 0),
    ("{the|available|all|most|my|some} {evidence|information|data|records|sources|signs|available evidence|available information} {suggest|suggests|indicate|indicates|point|points} {that|to|toward|towards|}", Aligned, "Likely", 0),
    ("{everything|all signs|signs} {points|point} {to|toward|towards}", Aligned, "Likely", 0),
    ("the consensus is", Aligned, "Likely", 0),
    ("it is {generally|widely|commonly|} {believed|thought|accepted|assumed}", Aligned, "Likely", 0),
    ("{is|was|are|were} {generally|widely|commonly|} {believed|thought} to", Aligned, "Likely", 0),
    ("i {seem to|vaguely seem to|} {recall|remember|recollect}", Aligned, "We Believe", 0),
    ("i {vaguely|faintly|dimly} {recall|remember}", Aligned, "May Happen", 0),
    ("{i have|} {a|some|only a} {vague|faint|fuzzy|hazy|dim} {recollection|memory|idea|feeling|sense|impression}", Aligned, "May Happen", 0),
    ("if {i|my memory|memory} {recall|remember|recollect|am recalling|am remembering|serves|is right|is correct} {correctly|rightly|right|me|me right|me well|me correctly|well|it right|it correctly|}", Aligned, "Likely", 0),
    ("if i am {not|} {mistaken|wrong|correct|right|not wrong|not much mistaken|remembering correctly|remembering right}", Aligned, "Likely", 0),
    ("{unless|if} i am {mistaken|wrong|misremembering|missing something|confusing things|not mistaken|not wrong}", Aligned, "Likely", 0),
    ("i have {a|the} {strong|good} {feeling|hunch|sense}", Aligned, "Likely", 0),
    ("i have {a|the} {feeling|hunch|sense|inkling}", Aligned, "Better than Even", 0),
    ("{i am|} {leaning|inclined|tempted|leaning more} {to|toward|towards}", Aligned, "Better than Even", 0),
    ("i {would|} {lean|incline} {to|toward|towards|}", Aligned, "Better than Even", 0),
    ("{comes|springs|coming|came} to mind", Aligned, "Better than Even", 0),
    // Guesses.
    ("i {would|} {suspect|suppose|presume|assume|imagine|surmise|conjecture|venture}", Aligned, "Better than Even", 0),
    ("i am {assuming|supposing|presuming}", Aligned, "Better than Even", 0),
    ("{my|the|a} {best|educated|first|gut|} {guess|hunch|bet|estimate} {is|would be|}", Aligned, "Better than Even", 0),
    ("{my|the|a} {best|educated} {guess|estimate|bet}", Aligned, "Better than Even", 0),
    ("i {would|can only|could only|will|have to|would have to|might|} {hazard a|make a|take a|} guess", Aligned, "Better than Even", 0),
    ("i am {just|only|} guessing", Aligned, "May Happen", 0),
    ("if i {had|have|were|was} {to|forced to|pressed to} {guess|bet|choose|pick|say}", Aligned, "Better than Even", 0),
    ("{this|that|it} is {just|only|merely|} {a|my} {guess|wild guess|shot in the dark|speculation|hunch|rough guess}", Aligned, "May Happen", 0),
    ("{just|only|merely|} {a|my} {wild|pure|random|complete|total|blind|rough} guess", Aligned, "May Happen", 0),
    ("{pure|mere|total} {guesswork|speculation}", Aligned, "May Happen", 0),
    ("{my|a} tentative {answer|guess|conclusion} {is|would be|}", Aligned, "Better than Even", 0),
    ("tentatively", Aligned, "Better than Even", 0),
    ("{do not|not} quote me {on|} {this|that|it|}", Aligned, "Better than Even", 0),
    ("take {this|that|it} with a {grain|pinch} of salt", Aligned, "Better than Even", 0),
    ("i {would|will|} {need|want|have|recommend|suggest|should|like} {to|} {double check|double checking|verify|verifying|check|confirm|confirming}", Aligned, "Better than Even", 0),
    ("i {could|may|might} {very well|well|easily|also|} be {wrong|mistaken|incorrect|misremembering|off|confusing}", Opposite, "Could Happen", 0),
    ("{this|that|it} {could|may|might} {very well|well|easily|also|} be {wrong|incorrect|inaccurate|mistaken|off}", Opposite, "Could Happen", 0),
    // Appearances.
    ("it {seems|appears|looks|sounds}", Aligned, "Probable", 0),
    ("it {would|may|might} {seem|appear}", Aligned, "Better than Even", 0),
    ("{seems|seem|seemed|appears|appear|appeared|looks|look} {to|like|as though|as if|that}", Aligned, "Probable", 0),
    ("{seemingly|apparently|reportedly|supposedly|presumably|allegedly|ostensibly}", Aligned, "Probable", 0),
    ("{it|this|that|he|she|they|there} should be", Aligned, "Probable", 0),
    // Likelihood.
    ("{more|greater} likely than not", Aligned, "Better than Even", EVENT),
    ("{more likely than not|better than even} {chance|odds|}", Form, "Better than Even", EVENT),
    ("less likely than not", Aligned, "May Happen", EVENT),
    ("{most|very|quite|pretty} {likely|probably|probable}", Aligned, "Very Good Chance", EVENT),
    ("{very|quite|pretty} likely", Aligned, "Highly Likely", EVENT),
    ("very likely", Form, "Very likely", EVENT),
    ("{extremely|overwhelmingly|exceedingly|exceptionally} likely", Aligned, "Almost Certain", EVENT),
    ("highly likely", Form, "Highly Likely", EVENT),
    ("{highly|very} {probable|plausible}", Aligned, "Highly Likely", EVENT),
    ("likely", Form, "Likely", EVENT),
    ("{fairly|reasonably|rather|quite} {likely|probable|plausible}", Aligned, "Likely", EVENT),
    ("{somewhat|slightly|moderately} likely", Aligned, "Better than Even", EVENT),
    ("{seems|appears|is|looks} plausible", Aligned, "Realistic Possibility", EVENT),
    ("probable", Form, "Probable", EVENT),
    ("probably", Form, "Probable", EVENT),
    ("probably", Form, "Probably", EVENT),
    ("in all {likelihood|probability}", Aligned, "Highly Likely", EVENT),
    ("{probably|likely|most likely|most probably} not", Aligned, "Probably Not", EVENT),
    ("probably not", Form, "Probably Not", EVENT),
    ("{is|was} probably not", Aligned, "Probably Not", EVENT),
    ("not {likely|probable|very likely|too likely|particularly likely|that likely|so likely|all that likely}", Aligned, "Unlikely", EVENT),
    ("not at all likely", Aligned, "Highly Unlikely", EVENT),
    ("unlikely", Form, "Unlikely", EVENT),
    ("{improbable|improbably}", Form, "Improbable", EVENT),
    ("{implausible|far fetched}", Aligned, "Improbable", EVENT),
    ("{fairly|rather|quite|pretty|somewhat|reasonably} {unlikely|improbable}", Aligned, "Unlikely", EVENT),
    ("{very|most|extremely|exceedingly|really} {unlikely|improbable}", Aligned, "Highly Unlikely", EVENT),
    ("{very|extremely|exceptionally} unlikely", Aligned, "Highly Unlikely", EVENT),
    ("highly {unlikely|improbable}", Form, "Highly Unlikely", EVENT),
    ("highly improbable", Aligned, "Highly Unlikely", EVENT),
    ("{almost|next to|nearly|practically|virtually} impossible", Aligned, "Almost No Chance", EVENT),
    ("{almost|nearly} impossible", Form, "Almost impossible", EVENT),
    ("{almost|virtually|practically|nearly} certainly not", Aligned, "Almost No Chance", EVENT),
    ("{definitely|certainly|absolutely} not", Aligned, "Almost No Chance", EVENT),
    // Chances.
    ("{about|roughly|} {even|a coin toss|a coin flip|a toss up}", Aligned, "About Even", LABELLED),
    ("{it is|} {a|basically a|essentially a|about a|} {coin toss|coin flip|toss up|toss of a coin}", Aligned, "About Even", EVENT),
    ("{about|roughly|} even {chance|chances|odds}", Form, "About Even", EVENT),
    ("about even", Form, "About Even", EVENT),
    ("{chances|the chances|odds|the odds} are {about|roughly|} even", Form, "About Even", EVENT),
    ("{even|an even|about even|roughly even} {chance|chances|odds}", Form, "Even chance", EVENT),
    ("{a|} roughly even {chance|chances|odds}", Form, "Roughly even chance", EVENT),
    ("{equally|just as} likely", Aligned, "About Even", EVENT),
    ("{about|} {as|equally} likely as not", Form, "About as likely as not", EVENT),
    ("{about|} as likely as not", Aligned, "About Even", EVENT),
    ("{a|} {very|pretty|really} {good|high|strong} {chance|possibility|likelihood|probability}", Form, "Very Good Chance", EVENT),
    ("{a|} {good|high|strong|great} {chance|possibility|likelihood|probability}", Aligned, "Likely", EVENT),
    ("{a|} {decent|fair|reasonable} {chance|possibility|likelihood|probability}", Aligned, "Better than Even", EVENT),
    ("{a|} realistic {possibility|chance|probability}", Form, "Realistic Possibility", EVENT),
    ("{there is|} {a|some|} {possibility|chance|probability} {that|it|he|she}", Aligned, "Might Happen", EVENT),
    ("there is {a|some|also a} {possibility|chance|probability}", Aligned, "Might Happen", EVENT),
    ("{a|} {little|small|low} {chance|possibility|likelihood|probability}", Form, "Little Chance", EVENT),
    ("{a|} {slight|slim} {chance|possibility}", Form, "Chances are Slight", EVENT),
    ("{chances|the chances|odds|the odds} are {slight|slim|small|low}", Form, "Chances are Slight", EVENT),
    ("{chances|the chances|odds|the odds} are {good|high}", Aligned, "Likely", EVENT),
    ("{chances|the odds|odds} are {that|it|he|she|}", Aligned, "Probable", EVENT),
    ("{a|} remote {chance|possibility}", Form, "Remote Chance", EVENT),
    ("{a|} {very|extremely} {little|small|low|slim|slight|remote} {chance|possibility|likelihood|probability}", Aligned, "Almost No Chance", EVENT),
    ("{almost|practically|virtually|hardly any} {no|} chance", Form, "Almost No Chance", EVENT),
    ("almost no {chance|possibility}", Form, "Almost No Chance", EVENT),
    ("{there is|} {absolutely|} no {chance|possibility}", Aligned, "Almost No Chance", EVENT),
    ("{no way|zero chance}", Aligned, "Almost No Chance", EVENT),
    // Possibility.
    ("{maybe|perhaps}", Aligned, "Might Happen", EVENT),
    ("{possibly|potentially|conceivably|plausibly}", Aligned, "Might Happen", EVENT),
    ("{possible|plausible|a possibility}", Aligned, "Might Happen", LABELLED),
    ("{is|was|seems|be|as} {a|} {quite|also|certainly|entirely|just|} {possible|possibility}", Aligned, "Might Happen", EVENT),
    ("{it is|} possible {that|to|}", Aligned, "Might Happen", EVENT),
    ("{very|quite|highly|most} {possibly|possible}", Aligned, "Better than Even", EVENT),
    ("might {well|very well|also|just|have|be|happen|}", Form, "Might Happen", EVENT),
    ("could {well|very well|also|possibly|just|} {have|be|happen}", Form, "Could Happen", EVENT),
    ("may {well|very well|also|possibly|just|} {have|be|happen}", Form, "May Happen", VERB | EVENT),
    ("{i|he|she|it|they|this|that|there|we|you|which|who|answer} may {well|very well|also|possibly|just|}", Form, "May Happen", VERB | EVENT),
    ("{may|might|could} not {be|have|happen|}", Aligned, "Better than Even", VERB | EVENT),
    ("{may or may not|might or might not}", Aligned, "About Even", VERB | EVENT),
    ("will {definitely|certainly|surely} happen", Aligned, "Will Happen", EVENT),
    ("will happen", Form, "Will Happen", EVENT),
    ("will {definitely|certainly} not happen", Aligned, "Almost No Chance", EVENT),
    ("will {probably|likely} not {happen|}", Aligned, "Probably Not", EVENT),
];

/// Patterns with the class of [`super::tables::LEVELS`] that they name, counted from 0.
pub(super) const LEVELS: &[(&str, usize, Needs)] = &[
    ("{lowest|very low}", 0, LABELLED),
    ("low", 1, LABELLED),
    ("{medium|moderate|mid|average}", 2, LABELLED),
    ("high", 3, LABELLED),
    ("{highest|very high}", 4, LABELLED),
    ("{the|} {lowest|very low} {level of|degree of|} {confidence|certainty}", 0, 0),
    ("{a|} low {level of|degree of|} {confidence|certainty}", 1, 0),
    ("{a|} {medium|moderate} {level of|degree of|} {confidence|certainty}", 2, 0),
    ("{a|} high {level of|degree of|} {confidence|certainty}", 3, 0),
    ("{the|a|} {highest|very high} {level of|degree of|} {confidence|certainty}", 4, 0),
];

/// Refusals to give something; they count where what follows is a confidence.
pub(super) const REFUSALS_TO_GIVE: &[&str] = &[
    "i {can not|will not|would not|could not|do not want to|am unable to|am not able to|refuse to|decline to|prefer not to|would rather not|must decline to} {really|accurately|reliably|meaningfully|} {give|provide|state|assign|estimate|quantify|express|offer|report|assess|attach|put|say|share|rate|commit to}",
    "unable to {give|provide|state|assign|estimate|quantify|express|offer|report|assess}",
];

/// Refusals to say how sure one is.
pub(super) const REFUSALS: &[&str] = &[
    "i {can not|will not|am unable to|am not able to|refuse to|decline to|prefer not to|would rather not} {quantify|estimate|assess|rate|say|answer|guess|comment|speculate} {this|that|it|my confidence|how confident|how sure|how certain|how likely|the probability|the likelihood|}",
    "i do not {have|hold|experience|possess} {personal|} {beliefs|feelings|confidence levels|feelings of confidence|opinions}",
    "i {decline|refuse}",
    "{no|not} {probability|confidence|number} {can|could} be {given|assigned|stated|provided}",
    "{probability|confidence} {can not|could not} be {given|assigned|stated|provided|estimated|determined|quantified}",
];

/// Says that no answer is known; a hedge or a number beside it says more.
pub(super) const UNKNOWNS: &[&str] = &[
    "i {do not|honestly do not|really do not|simply do not} know {the answer|}",
    "i have {absolutely|} no {idea|clue|way of knowing|knowledge of}",
    "{impossible|not possible|hard|difficult} to {say|know|tell|determine|estimate|predict}",
    "there is no way {to|of} {know|knowing|tell|telling|say|saying}",
    "{can not|could not} be {determined|known|predicted|estimated|answered}",
    "i {do not have|lack} {enough|sufficient|any|the} {information|data|knowledge|context|evidence}",
    "i am unable to {say|answer|determine|tell|verify|confirm|find}",
    "{who knows|no idea|no clue}",
    "your guess is as good as mine",
];

/// In place of a value behind a label.
pub(super) const NO_VALUES: &[&str] = &[
    "{unknown|undetermined|undefined|null|nan|refused|withheld|unspecified|undisclosed}",
    "not {applicable|available|given|stated|provided|known|specified}",
    "{can not|unable to} {say|tell|determine|estimate|assess}",
];

/// Words that look like a statement of confidence and are none.
pub(super) const EXCLUDED: &[&str] = &[
    "as {soon|much|many|early|late|quickly|often|far|long|little|well|good|low|high|close|few|fast|clearly|accurately|best|simple|short} as possible",
    "{how|however|the more|more|less|the less|the most|the least|least} {likely|probable|possible|sure|certain|confident|probably}",
    "{not|see|wonder|check|know|knows|unsure|ask|asked|doubt|unclear} {whether|if}",
    "{even|as|only|what} if",
    "if {only|anything|any|at all|need be|necessary|possible|so|you|we|they|i would}",
    "if i {may|might|can|could} {say|add|so}",
    "given {the|my|that the|all the|this|these|available|current} {evidence|information|data|knowledge|context|available|records|sources|facts|limited|limitations|answer|question|name|title|date|year}",
    "assuming {my|i|that i|that my}",
    "{by|last|second|first|another|only|no second} {chance|chances}",
    "{a|the|any|every} chance to",
    "chance {encounter|meeting|discovery}",
    "{the|his|her|their|its|our|all|full|military|naval} might",
    "might of",
    "may {day|flower|fair|queen}",
    "{a|in|of|under|for|at} certain",
    "{make|makes|made|making|be|for} {sure|certain}",
    "to be {sure|certain}",
    "sure {enough|thing}",
    "{to be|for} sure",
    "{word|words|phrase|term} {likely|probably|unlikely|possibly|certainly|maybe|perhaps}",
    "possible {moves|outcomes|values|answers|answer|solutions|combinations|ways|reasons|causes|explanations|world|worlds}",
    "{all|every|any|best|other|each|worst} possible",
    "likely {candidates|candidate|story|suspects}",
    "{could|can} not {be|have} {been|better|worse}",
    "confidence {interval|intervals|limit|limits|bound|bounds|band|bands|region|man|trick|vote|motion|tricks}",
    "{consumer|business|investor|market|public|vote of|no} confidence {vote|motion|index|}",
    "{consumer|business|investor|market|public} confidence",
    "{moral|legal} certainty",
    "{am|is|was|are|were} {it|that|this} {likely|possible|probable|certain}",
];
