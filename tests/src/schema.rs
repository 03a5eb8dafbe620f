//! A small JSON-schema check: what `hbactl -o json` prints against what `hbactl schema` publishes.
//!
//! Owns the keywords that the published schemas use; an unknown one that could refuse a value is an error, so that nothing
//! passes unchecked. Source: JSON Schema 2020-12.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// Keywords that only describe.
const SILENT: &[&str] = &[
    "$schema",
    "$defs",
    "title",
    "description",
    "format",
    "default",
    "examples",
    "writeOnly",
    "readOnly",
    "pattern",
];

/// Checks `value` against `schema`.
///
/// # Errors
/// The path that does not fit and why.
pub fn check(schema: &Value, value: &Value) -> Result<()> {
    at(schema, schema, value, "$")
}

fn at(root: &Value, schema: &Value, value: &Value, path: &str) -> Result<()> {
    let rules = match schema {
        Value::Bool(true) => return Ok(()),
        Value::Object(rules) => rules,
        _ => bail!("{path}: nothing fits the schema {schema}"),
    };
    for (keyword, rule) in rules {
        match keyword.as_str() {
            "$ref" => {
                let name = rule
                    .as_str()
                    .and_then(|r| r.strip_prefix('#'))
                    .context("foreign $ref")?;
                let target = root.pointer(name).with_context(|| format!("{path}: no {name}"))?;
                at(root, target, value, path)?;
            }
            "type" => ensure!(has_type(rule, value), "{path}: {value} is not of type {rule}"),
            "const" => ensure!(rule == value, "{path}: {value} is not {rule}"),
            "enum" => ensure!(
                rule.as_array().is_some_and(|all| all.contains(value)),
                "{path}: {value} is none of {rule}"
            ),
            "properties" => {
                let (Some(rules), Some(fields)) = (rule.as_object(), value.as_object()) else {
                    continue;
                };
                for (name, field) in fields {
                    if let Some(rule) = rules.get(name) {
                        at(root, rule, field, &format!("{path}.{name}"))?;
                    }
                }
            }
            "required" => {
                for name in rule.as_array().into_iter().flatten().filter_map(Value::as_str) {
                    ensure!(value.get(name).is_some(), "{path}: {name} is missing");
                }
            }
            "additionalProperties" => {
                let known = rules.get("properties").and_then(Value::as_object);
                for (name, field) in value.as_object().into_iter().flatten() {
                    if !known.is_some_and(|known| known.contains_key(name)) {
                        at(root, rule, field, &format!("{path}.{name}"))?;
                    }
                }
            }
            "items" if rules.contains_key("prefixItems") => {}
            "items" => {
                for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                    at(root, rule, item, &format!("{path}[{n}]"))?;
                }
            }
            "prefixItems" => {
                let items = value.as_array().into_iter().flatten();
                for (n, (item, rule)) in items.zip(rule.as_array().into_iter().flatten()).enumerate() {
                    at(root, rule, item, &format!("{path}[{n}]"))?;
                }
            }
            "minItems" | "maxItems" => {
                let length = value.as_array().map(|all| all.len() as u64);
                let fits = |limit: u64, n: u64| {
                    if keyword == "minItems" {
                        n >= limit
                    } else {
                        n <= limit
                    }
                };
                ensure!(
                    length.zip(rule.as_u64()).is_none_or(|(n, limit)| fits(limit, n)),
                    "{path}: {keyword} {rule}"
                );
            }
            "minimum" | "maximum" => {
                let fits = |v: f64, limit: f64| {
                    if keyword == "minimum" {
                        v >= limit
                    } else {
                        v <= limit
                    }
                };
                ensure!(
                    value
                        .as_f64()
                        .zip(rule.as_f64())
                        .is_none_or(|(v, limit)| fits(v, limit)),
                    "{path}: {value}: {keyword} {rule}"
                );
            }
            "allOf" => {
                for rule in rule.as_array().into_iter().flatten() {
                    at(root, rule, value, path)?;
                }
            }
            "anyOf" | "oneOf" => {
                let choices = rule.as_array().context("no choices")?;
                let tried: Vec<_> = choices.iter().map(|rule| at(root, rule, value, path)).collect();
                let fitting = tried.iter().filter(|result| result.is_ok()).count();
                let wanted = if keyword == "oneOf" {
                    fitting == 1
                } else {
                    fitting >= 1
                };
                ensure!(wanted, "{path}: {fitting} of {keyword} fit: {tried:?}");
            }
            silent if SILENT.contains(&silent) => {}
            other => bail!("{path}: the schema uses {other}, which is not checked here"),
        }
    }
    Ok(())
}

fn has_type(rule: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    match rule {
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_that_does_not_fit_is_refused_with_its_path() {
        let schema = json!({"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#/$defs/n"}},
            "$defs": {"n": {"type": ["integer", "null"], "minimum": 0}}});
        check(&schema, &json!({"a": 1})).unwrap();
        check(&schema, &json!({"a": null})).unwrap();
        assert!(check(&schema, &json!({})).is_err());
        let error = check(&schema, &json!({"a": "x"})).unwrap_err().to_string();
        assert!(error.starts_with("$.a"), "{error}");
        assert!(check(&schema, &json!({"a": -1})).is_err());
        assert!(check(&json!({"surprise": 1}), &json!(1)).is_err());
    }
}
