//! What each function takes and gives.

use arrow::compute::can_cast_types;
use arrow::datatypes::DataType;

use super::coerce::{comparison, element_type, union};
use super::fault::{Result, fail};
use super::plan::{Kind, Plan};
use super::tree::Function;

/// Whether some argument of the right type makes it fail.
pub(super) fn can_fail(function: Function) -> bool {
    use Function::{Abs, DatePart, RegexpLike, Round, SquareRoot, Substring};
    matches!(function, Abs | Round | SquareRoot | Substring | RegexpLike | DatePart)
}

/// A call with its arguments brought to what the function takes.
pub(super) fn bind(function: Function, arguments: Vec<Plan>) -> Result<Plan> {
    use DataType::{Boolean, Int32, Int64, UInt64, Utf8};
    let texts = |arguments: Vec<Plan>, to: DataType| {
        let arguments = arguments.into_iter().map(|argument| text(function, argument)).collect::<Result<_>>()?;
        Ok(Plan::new(Kind::Call(function, arguments), to))
    };
    match function {
        Function::Lower
        | Function::Upper
        | Function::Trim
        | Function::TrimStart
        | Function::TrimEnd
        | Function::Replace
        | Function::Reverse => texts(arguments, Utf8),
        Function::Position => texts(arguments, Int32),
        Function::ConcatAll => {
            let texts = arguments.into_iter().map(|argument| to_text(function, argument)).collect::<Result<_>>()?;
            Ok(Plan::new(Kind::Call(function, texts), Utf8))
        }
        Function::StartsWith | Function::EndsWith | Function::Contains | Function::RegexpLike => {
            texts(arguments, Boolean)
        }
        Function::Length => {
            let arguments = arguments.into_iter().map(|argument| to_text(function, argument)).collect::<Result<_>>()?;
            Ok(Plan::new(Kind::Call(function, arguments), Int32))
        }
        Function::Substring | Function::Left | Function::Right => {
            let mut arguments = arguments.into_iter();
            let mut bound = vec![text(function, arguments.next().expect("counted"))?];
            for place in arguments {
                bound.push(whole(function, place, &Int64)?);
            }
            Ok(Plan::new(Kind::Call(function, bound), Utf8))
        }
        Function::DatePart => {
            let mut arguments = arguments.into_iter();
            let part = text(function, arguments.next().expect("counted"))?;
            let of = arguments.next().expect("counted");
            if !of.of.is_temporal() && of.of != DataType::Null {
                return refused(function, "a time", &of);
            }
            Ok(Plan::new(Kind::Call(function, vec![part, of]), Int32))
        }
        Function::Abs
        | Function::Floor
        | Function::Ceil
        | Function::Round
        | Function::SquareRoot
        | Function::Logarithm
        | Function::Exponential => number(function, arguments),
        Function::Coalesce | Function::Greatest | Function::Least => {
            let first = arguments[0].of.clone();
            let to = arguments.iter().try_fold(first, |of, argument| union(&of, &argument.of));
            uniform(function, arguments, to)
        }
        Function::NullIf => {
            let to = comparison(&arguments[0].of, &arguments[1].of);
            uniform(function, arguments, to)
        }
        Function::IsDistinct => {
            let to = comparison(&arguments[0].of, &arguments[1].of);
            let Plan { kind, .. } = uniform(function, arguments, to)?;
            Ok(Plan::new(kind, Boolean))
        }
        Function::ArrayLength | Function::Cardinality => match element_type(&arguments[0].of) {
            Some(_) => Ok(Plan::new(Kind::Call(function, arguments), UInt64)),
            None => refused(function, "a list", &arguments[0]),
        },
    }
}

fn refused<T>(function: Function, what: &str, argument: &Plan) -> Result<T> {
    fail(format!("`{}` takes {what}, not {}", function.name(), argument.of))
}

fn text(function: Function, argument: Plan) -> Result<Plan> {
    match argument.of {
        DataType::Utf8 | DataType::Null => argument.to(&DataType::Utf8),
        _ => refused(function, "text", &argument),
    }
}

/// Any value as its text.
fn to_text(function: Function, argument: Plan) -> Result<Plan> {
    match can_cast_types(&argument.of, &DataType::Utf8) {
        true => argument.to(&DataType::Utf8),
        false => refused(function, "text", &argument),
    }
}

fn whole(function: Function, argument: Plan, to: &DataType) -> Result<Plan> {
    match argument.of.is_integer() || argument.of == DataType::Null {
        true => argument.to(to),
        false => refused(function, "a whole number", &argument),
    }
}

/// Whole numbers stay whole where the function leaves them so; decimals are computed as floats.
fn number(function: Function, arguments: Vec<Plan>) -> Result<Plan> {
    let mut arguments = arguments.into_iter();
    let first = arguments.next().expect("counted");
    let keeps_whole = matches!(function, Function::Abs | Function::Round);
    let to = match &first.of {
        of if of.is_integer() && keeps_whole => of.clone(),
        DataType::Float32 => DataType::Float32,
        of if of.is_numeric() || *of == DataType::Null => DataType::Float64,
        _ => return refused(function, "a number", &first),
    };
    let mut bound = vec![first.to(&to)?];
    for digits in arguments {
        bound.push(whole(function, digits, &DataType::Int32)?);
    }
    Ok(Plan::new(Kind::Call(function, bound), to))
}

fn uniform(function: Function, arguments: Vec<Plan>, to: Option<DataType>) -> Result<Plan> {
    let Some(to) = to else {
        let types: Vec<String> = arguments.iter().map(|argument| argument.of.to_string()).collect();
        return fail(format!("the arguments of `{}` have no common type: {}", function.name(), types.join(", ")));
    };
    let arguments = arguments.into_iter().map(|argument| argument.to(&to)).collect::<Result<_>>()?;
    Ok(Plan::new(Kind::Call(function, arguments), to))
}
