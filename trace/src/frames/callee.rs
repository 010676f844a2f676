//! Whether the function that is entered after a tail call is the one that was
//! called: between the two, code without probes may have run.

use super::NONE;
use crate::run::Sites;
use rustc_hash::FxHashMap;

/// Compares the sites of tail calls with what is entered, each pair once.
pub(super) struct Callees<'a> {
    sites: &'a Sites,
    known: FxHashMap<(u32, u32), bool>,
}

impl<'a> Callees<'a> {
    pub(super) fn new(sites: &'a Sites) -> Self {
        Self { sites, known: FxHashMap::default() }
    }

    /// Whether the tail call at `site` may have entered `clause`. One whose
    /// callee the map does not name is not followed.
    pub(super) fn may_be(&mut self, site: u32, clause: u32) -> bool {
        if site == NONE || clause == NONE {
            return false;
        }
        let sites = self.sites;
        let compare = || {
            let entered = sites.get(clause);
            is_named(sites.callee(sites.get(site)), sites.module(entered), sites.function(entered))
        };
        *self.known.entry((site, sites.function_of(clause))).or_insert_with(compare)
    }
}

/// Whether `callee` (`Module.name/arity`, with the module as written or
/// without one) names `function`. An alias is the end of its module's name, and
/// defaults let a function be called with fewer arguments than it has.
fn is_named(callee: &str, module: &str, function: &str) -> bool {
    let parts = |text: &str| Some((text.rsplit_once('/')?.0.len(), text.rsplit_once('/')?.1.parse::<u8>().ok()?));
    let name = function.get(module.len() + 1..).unwrap_or_default();
    let (Some((called_end, called)), Some((end, arity))) = (parts(callee), parts(name)) else { return false };
    let Some(before) = callee[..called_end].strip_suffix(&name[..end]) else { return false };
    let same_module = match before.strip_suffix('.') {
        None => before.is_empty(),
        Some(written) => module.strip_suffix(written).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
    };
    same_module && called <= arity
}

#[cfg(test)]
mod tests {
    use super::is_named;

    #[test]
    fn a_callee_is_told_from_other_functions() {
        let check = |callee, module, name, expected| {
            assert_eq!(is_named(callee, module, &format!("{module}.{name}")), expected, "{callee} {module}.{name}");
        };
        check("Shop.Cart.add/3", "Shop.Cart", "add/3", true);
        check("Cart.add/3", "Shop.Cart", "add/3", true);
        check("add/2", "Shop.Cart", "add/3", true);
        check(":shop.add/2", ":shop", "add/2", true);
        check("Shop.Cart.add?/1", "Shop.Cart", "add?/1", true);
        check("Art.add/3", "Shop.Cart", "add/3", false);
        check("Cart.add/4", "Shop.Cart", "add/3", false);
        check("Cart.add/3", "Shop.Carts", "add/3", false);
        check("add/3", "Shop.Cart", "readd/3", false);
        check("Cart.readd/3", "Shop.Cart", "add/3", false);
        check("", "Shop.Cart", "add/3", false);
        check("add/3", "", "#000000000000007", false);
    }
}
