//! `at('traffic', 'samples', 'main~1')`: a table as it was at a branch, tag or revision.

use std::sync::Arc;

use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::Expr;

use super::catalog::Everything;
use super::fault::external;

/// The function.
#[derive(Debug)]
pub(super) struct At(pub(super) Everything);

impl TableFunctionImpl for At {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        let texts: Option<Vec<&str>> = args.exprs().iter().map(text).collect();
        match texts.as_deref() {
            Some([dataset, table, reference]) => self.0.table(dataset, table, Some(reference)).map_err(external),
            _ => plan_err!("at takes three texts: a dataset, a table, and a branch, tag or revision"),
        }
    }
}

fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)), _) => Some(text),
        _ => None,
    }
}
