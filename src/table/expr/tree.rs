//! An expression as its text says it, before anybody knows the columns.
//!
//! This is the part of SQL that a condition on rows can use, and nothing else:
//! [`super::parse`] refuses the rest, so everything below handles all of it.

use arrow::datatypes::DataType;

/// A name as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// Its letters, without quotes.
    pub(super) text: String,
    /// Whether it stood in double quotes, and so is meant to the letter.
    pub(super) quoted: bool,
}

/// Two operands and a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    /// Text after text.
    Concat,
}

/// A value that is written out.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    /// A whole number beyond 63 bits.
    Big(u64),
    Float(f64),
    Text(String),
}

/// A part of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// `a`, or `a.b.c`: a field of a field of a column.
    Column(Vec<Name>),
    Literal(Literal),
    Binary(Op, Box<Node>, Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Negate(Box<Node>),
    IsNull(Box<Node>),
    /// `IS TRUE`, `IS FALSE`: never null itself.
    IsBool(Box<Node>, bool),
    In(Box<Node>, Vec<Node>),
    Between(Box<Node>, Box<Node>, Box<Node>),
    Like {
        of: Box<Node>,
        pattern: Box<Node>,
        any_case: bool,
    },
    Cast {
        of: Box<Node>,
        to: DataType,
        /// Null, not an error, where the value cannot be cast.
        or_null: bool,
    },
    Case {
        operand: Option<Box<Node>>,
        branches: Vec<(Node, Node)>,
        otherwise: Option<Box<Node>>,
    },
    /// `list[1]`, `struct['field']`.
    Element(Box<Node>, Box<Node>),
    Call(Function, Vec<Node>),
}

/// The functions there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Lower,
    Upper,
    Length,
    Trim,
    TrimStart,
    TrimEnd,
    Substring,
    StartsWith,
    EndsWith,
    Contains,
    RegexpLike,
    Replace,
    Left,
    Right,
    Reverse,
    Position,
    ConcatAll,
    IsDistinct,
    DatePart,
    Greatest,
    Least,
    SquareRoot,
    Logarithm,
    Exponential,
    Abs,
    Round,
    Floor,
    Ceil,
    Coalesce,
    NullIf,
    ArrayLength,
    Cardinality,
}

/// Each function with its names, the first of which it is told by, and how many arguments it takes.
const FUNCTIONS: [(Function, &[&str], usize, usize); 32] = [
    (Function::Lower, &["lower"], 1, 1),
    (Function::Upper, &["upper"], 1, 1),
    (Function::Length, &["length", "char_length", "character_length"], 1, 1),
    (Function::Trim, &["trim", "btrim"], 1, 2),
    (Function::TrimStart, &["ltrim"], 1, 2),
    (Function::TrimEnd, &["rtrim"], 1, 2),
    (Function::Substring, &["substr", "substring"], 2, 3),
    (Function::StartsWith, &["starts_with"], 2, 2),
    (Function::EndsWith, &["ends_with"], 2, 2),
    (Function::Contains, &["contains"], 2, 2),
    (Function::RegexpLike, &["regexp_like"], 2, 3),
    (Function::Replace, &["replace"], 3, 3),
    (Function::Left, &["left"], 2, 2),
    (Function::Right, &["right"], 2, 2),
    (Function::Reverse, &["reverse"], 1, 1),
    (Function::Position, &["strpos", "instr", "position"], 2, 2),
    (Function::ConcatAll, &["concat"], 1, usize::MAX),
    // It is written between its arguments.
    (Function::IsDistinct, &["IS DISTINCT FROM"], 2, 2),
    (Function::DatePart, &["date_part", "datepart"], 2, 2),
    (Function::Greatest, &["greatest"], 1, usize::MAX),
    (Function::Least, &["least"], 1, usize::MAX),
    (Function::SquareRoot, &["sqrt"], 1, 1),
    (Function::Logarithm, &["ln"], 1, 1),
    (Function::Exponential, &["exp"], 1, 1),
    (Function::Abs, &["abs"], 1, 1),
    (Function::Round, &["round"], 1, 2),
    (Function::Floor, &["floor"], 1, 1),
    (Function::Ceil, &["ceil"], 1, 1),
    (Function::Coalesce, &["coalesce"], 1, usize::MAX),
    (Function::NullIf, &["nullif"], 2, 2),
    (Function::ArrayLength, &["array_length", "list_length"], 1, 1),
    (Function::Cardinality, &["cardinality"], 1, 1),
];

impl Function {
    /// The function of this name, in any case.
    pub(super) fn find(name: &str) -> Option<Function> {
        let found = FUNCTIONS.iter().find(|(_, names, ..)| names.iter().any(|known| known.eq_ignore_ascii_case(name)));
        found.map(|(function, ..)| *function)
    }

    /// All names, for a message.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        let called = FUNCTIONS.iter().filter(|(function, ..)| *function != Function::IsDistinct);
        called.flat_map(|(_, names, ..)| names.iter().copied())
    }

    /// The name it is told by.
    pub(super) fn name(self) -> &'static str {
        self.entry().1[0]
    }

    /// Says what is wrong with this number of arguments.
    pub(super) fn check_count(self, count: usize) -> Result<(), String> {
        let (_, names, least, most) = self.entry();
        if (*least..=*most).contains(&count) {
            return Ok(());
        }
        let wanted = match (*least, *most) {
            (least, usize::MAX) => format!("{least} or more"),
            (least, most) if least == most => least.to_string(),
            (least, most) => format!("{least} to {most}"),
        };
        Err(format!("`{}` takes {wanted} arguments, not {count}", names[0]))
    }

    fn entry(self) -> &'static (Function, &'static [&'static str], usize, usize) {
        FUNCTIONS.iter().find(|(function, ..)| *function == self).expect("each function has its entry")
    }
}

impl Op {
    /// As it is written.
    pub(super) fn text(self) -> &'static str {
        match self {
            Op::Equal => "=",
            Op::NotEqual => "<>",
            Op::Less => "<",
            Op::LessEqual => "<=",
            Op::Greater => ">",
            Op::GreaterEqual => ">=",
            Op::Add => "+",
            Op::Subtract => "-",
            Op::Multiply => "*",
            Op::Divide => "/",
            Op::Remainder => "%",
            Op::Concat => "||",
        }
    }

    /// Whether the result is true, false or null by the order of the operands.
    pub(super) fn compares(self) -> bool {
        matches!(self, Op::Equal | Op::NotEqual | Op::Less | Op::LessEqual | Op::Greater | Op::GreaterEqual)
    }

    /// The comparison that is true of swapped operands.
    pub(super) fn swapped(self) -> Op {
        match self {
            Op::Less => Op::Greater,
            Op::LessEqual => Op::GreaterEqual,
            Op::Greater => Op::Less,
            Op::GreaterEqual => Op::LessEqual,
            other => other,
        }
    }
}

impl Node {
    /// A text, as a literal.
    pub(super) fn text(text: impl Into<String>) -> Node {
        Node::Literal(Literal::Text(text.into()))
    }

    /// Calls `visit` with this part and all below it.
    pub(super) fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Node)) {
        visit(self);
        match self {
            Node::Column(_) | Node::Literal(_) => {}
            Node::Not(of) | Node::Negate(of) | Node::IsNull(of) | Node::IsBool(of, _) | Node::Cast { of, .. } => {
                of.walk(visit);
            }
            Node::Binary(_, left, right) | Node::Element(left, right) => {
                [left, right].iter().for_each(|n| n.walk(visit))
            }
            Node::Like { of, pattern, .. } => [of, pattern].iter().for_each(|n| n.walk(visit)),
            Node::Between(of, low, high) => [of, low, high].iter().for_each(|n| n.walk(visit)),
            Node::And(parts) | Node::Or(parts) | Node::Call(_, parts) => parts.iter().for_each(|n| n.walk(visit)),
            Node::In(of, list) => {
                of.walk(visit);
                list.iter().for_each(|n| n.walk(visit));
            }
            Node::Case { operand, branches, otherwise } => {
                operand.iter().for_each(|n| n.walk(visit));
                branches.iter().flat_map(|(when, then)| [when, then]).for_each(|n| n.walk(visit));
                otherwise.iter().for_each(|n| n.walk(visit));
            }
        }
    }
}
