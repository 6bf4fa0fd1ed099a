//! Role definitions: the built-in ones, the same at every scope.

use super::Scope;
use super::body::{DefinitionList, DefinitionView};
use super::filter;
use crate::edge::ArmError;
use axum::Json;
use rsvault_domain::access::{ROLES, role_of_definition};

pub(super) fn list(scope: &Scope, asked: Option<&str>) -> Result<Json<DefinitionList>, ArmError> {
    let (name, built_in) = filter::definitions(asked)?;
    let wanted = ROLES.iter().filter(|role| built_in && name.is_none_or(|name| role.name.eq_ignore_ascii_case(name)));
    Ok(Json(DefinitionList { value: wanted.map(|role| DefinitionView::new(role, &scope.subscription)).collect() }))
}

pub(super) fn get(scope: &Scope) -> Result<Json<DefinitionView>, ArmError> {
    let role = role_of_definition(&scope.name).map_err(|fault| fault.at("roleDefinitionId"))?;
    Ok(Json(DefinitionView::new(role, &scope.subscription)))
}
