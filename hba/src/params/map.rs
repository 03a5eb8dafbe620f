//! Values by parameter.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};

use super::{ParamValue, Parameter};

/// Something for each parameter of an object. Comes, and is written, in the order of the names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamMap<P, V>(Vec<(P, V)>);

/// All parameters of an object; `None` (null) for one that the adapter does not tell.
pub type Params<P> = ParamMap<P, Option<ParamValue>>;

impl<P, V> Default for ParamMap<P, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<P: Parameter, V> ParamMap<P, V> {
    /// A map of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What is there for a parameter.
    #[must_use]
    pub fn get(&self, param: P) -> Option<&V> {
        self.0.iter().find(|entry| entry.0 == param).map(|entry| &entry.1)
    }

    /// What is there for the parameter of a name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&V> {
        let found = self.place(name).ok()?;
        self.0.get(found).map(|entry| &entry.1)
    }

    /// Puts something there for a parameter.
    pub fn insert(&mut self, param: P, value: V) {
        match self.place(param.name()) {
            Ok(at) => self.0[at] = (param, value),
            Err(at) => self.0.insert(at, (param, value)),
        }
    }

    /// Takes away what is there for a parameter.
    pub fn remove(&mut self, param: P) -> Option<V> {
        let at = self.0.iter().position(|entry| entry.0 == param)?;
        Some(self.0.remove(at).1)
    }

    /// Parameters and what is there for them.
    pub fn iter(&self) -> impl Iterator<Item = (P, &V)> {
        self.0.iter().map(|(param, value)| (*param, value))
    }

    /// Names of parameters and what is there for them.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &V)> {
        self.iter().map(|(param, value)| (param.name(), value))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|entry| entry.0.name().cmp(name))
    }
}

impl<P: Parameter> Params<P> {
    /// A parameter's value; `None` when it is not known.
    #[must_use]
    pub fn value(&self, param: P) -> Option<&ParamValue> {
        self.get(param).and_then(Option::as_ref)
    }
}

impl<P, V> IntoIterator for ParamMap<P, V> {
    type Item = (P, V);
    type IntoIter = std::vec::IntoIter<(P, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<P: Parameter, V> Extend<(P, V)> for ParamMap<P, V> {
    fn extend<I: IntoIterator<Item = (P, V)>>(&mut self, entries: I) {
        for (param, value) in entries {
            self.insert(param, value);
        }
    }
}

impl<P: Parameter, V> FromIterator<(P, V)> for ParamMap<P, V> {
    fn from_iter<I: IntoIterator<Item = (P, V)>>(entries: I) -> Self {
        let mut map = Self::new();
        map.extend(entries);
        map
    }
}

impl<P: Parameter, V: Serialize> Serialize for ParamMap<P, V> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.named())
    }
}

/// As that of a map from names.
impl<P, V: JsonSchema> JsonSchema for ParamMap<P, V> {
    fn inline_schema() -> bool {
        BTreeMap::<String, V>::inline_schema()
    }
    fn schema_name() -> Cow<'static, str> {
        BTreeMap::<String, V>::schema_name()
    }
    fn schema_id() -> Cow<'static, str> {
        BTreeMap::<String, V>::schema_id()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<String, V>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::super::FlashnodeParam;
    use super::*;

    #[test]
    fn parameters_come_and_are_written_in_the_order_of_their_names() {
        let number = |n| Some(ParamValue::Number(n));
        let map: Params<_> = [
            (FlashnodeParam::Tpgt, number(1)),
            (FlashnodeParam::Port, None),
            (FlashnodeParam::ChapAuthEn, Some(ParamValue::Flag(true))),
            (FlashnodeParam::Tpgt, number(2)),
        ]
        .into_iter()
        .collect();
        let names: Vec<_> = map.named().map(|(name, _)| name).collect();
        assert_eq!(names, ["chap_auth", "port", "tpgt"]);
        assert_eq!(map.value(FlashnodeParam::Tpgt), Some(&ParamValue::Number(2)));
        assert_eq!(
            (map.get(FlashnodeParam::Port), map.get(FlashnodeParam::Erl)),
            (Some(&None), None)
        );
        assert_eq!(map.by_name("tpgt"), map.get(FlashnodeParam::Tpgt));
        assert_eq!(
            serde_json::to_string(&map).expect("text"),
            r#"{"chap_auth":true,"port":null,"tpgt":2}"#
        );
    }
}
