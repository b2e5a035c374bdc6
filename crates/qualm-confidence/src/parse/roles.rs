//! The words that the grammar knows by what they do, each with its roles.

/// What a word can do in a statement of confidence, as bits.
pub(super) type Roles = u64;

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident = $words:literal;)*) => {
        roles!(@bits 0; $($name)*);
        /// Each role with its words, separated by blanks.
        pub(super) const TABLE: &[(Roles, &str)] = &[$(($name, $words)),*];
    };
    (@bits $bit:expr; $name:ident $($rest:ident)*) => {
        pub(super) const $name: Roles = 1 << ($bit);
        roles!(@bits $bit + 1; $($rest)*);
    };
    (@bits $bit:expr;) => {};
}

roles! {
    // May stand between what governs a number and the number.
    APPROXIMATE = "a an about around approximately approx circa roughly nearly only just maybe \
                   perhaps probably say like some close almost somewhere anywhere the";
    // May stand before a number that is the whole reply.
    LEAD = "i would will id say estimate";
    // Joins a label to its value.
    LINK = "is are at of as be was equals equal";
    // Names what follows as a confidence.
    LABEL = "confidence certainty probability probabilities likelihood chance chances odds \
             credence prob conf";
    // Labels that are from 0 to 1 by their meaning.
    UNIT_LABEL = "probability probabilities likelihood credence prob";
    // Labels of how likely something is; the others say how sure someone is.
    CHANCE = "chance chances odds probability probabilities likelihood prob";
    // What a refusal refuses to give.
    OBJECT = "number percentage figure estimate confidence probability level likelihood certainty \
              score rating";
    // The label whose numbers are odds.
    ODDS = "odds";
    // May stand between a label and its colon.
    TAIL = "score level rating estimate value percentage percent in my this that the of answer \
            response is it correct being right i am on scale from to out estimated stated a";
    // A percentage by name: its label says the scale.
    PERCENTAGE = "percentage pct percent";
    // May stand before a label in prose.
    BEFORE_LABEL = "my the our a an overall final total with this your and model of put at is its \
                    answer subjective estimated current about give have state stated rate i say \
                    assign on against say";
    // A label that tells of the whole answer.
    OVERALL = "overall final total";
    // Nouns that make a number before them a confidence.
    NOUN = "chance chances probability likelihood confidence certainty odds shot possibility \
            credence";
    // Adjectives that make a number before them a confidence.
    ADJECTIVE = "sure certain confident positive convinced likely probable unlikely";
    // Adjectives that someone has, so that it matters who.
    PERSONAL = "sure certain confident positive convinced";
    // Turns what it says around.
    UNLIKELY = "unlikely";
    // May stand between a number and the noun that frames it.
    DEGREE = "level degree of subjective estimated or rough";
    // Statistics that are no one's confidence in an answer.
    STATISTIC = "interval intervals limit limits bound bounds band bands region index test \
                 ellipse";
    // Says that the answer is not right.
    WRONG = "wrong incorrect mistaken false error untrue inaccurate";
    // The opposite, which a negation turns into it.
    RIGHT = "right correct true accurate";
    // May stand between a confidence and what it says is wrong.
    ROAD = "that i am this is it my answer the of being be was in a an about guess response have \
            made got could might would will all to completely totally entirely";
    // Whoever has a chance is someone that the answer tells of.
    POSSESS = "has have had carries carry faces face gives stands stand with";
    I = "i we";
    COPULA = "is are was were seem seems seemed feel feels felt became remain remains remained \
              be been being";
    // Whoever copulas speak for here: the writer, or the answer.
    SELF = "i we it this that there answer my what would";
    NOT = "not never hardly neither nor without cannot";
    IF = "if";
    GIVEN = "given assuming provided supposing conditional";
    UNLESS = "unless";
    OTHERWISE = "otherwise else";
    MEMORY = "memory recollection";
    THAT = "that";
    THEN = "then";
    AND = "and";
    BUT = "but and so or";
    LEAST = "least minimum";
    MOST = "most maximum";
    THAN = "than";
    MORE = "more greater higher better";
    LESS = "less lower fewer worse";
    OVER = "over above exceeding upwards";
    UNDER = "under below";
    OR = "or";
    NO = "no";
    OF = "of";
    TO = "to through";
    UP = "up";
    BETWEEN = "between";
    IN = "in";
    OUT = "out";
    TIMES = "times";
    ON = "on favour favor for";
    AGAINST = "against";
    FROM = "from";
    SCALE = "scale";
    THIRDS = "third thirds";
    QUARTERS = "quarter quarters";
    FIFTHS = "fifth fifths";
    TENTHS = "tenth tenths";
    P = "p p1 p2 p3 p4 p5 p6 p7 p8 p9";
    AT = "at";
    WITH = "with";
}
