//! The tables of a stack.

use shared::aws_sdk_dynamodb::{
    Client,
    client::Waiters,
    operation::create_table::CreateTableError,
    types::{
        AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
        TableStatus, TimeToLiveSpecification,
    },
};

use crate::{
    Problem,
    problem::chain,
    template::{Key, TablePlan},
};

/// Creates the tables that do not exist. Returns whether all of them were new.
pub async fn create(client: &Client, plans: &[TablePlan]) -> Result<bool, Problem> {
    let mut all_new = true;
    for plan in plans {
        all_new &= create_one(client, plan).await?;
    }
    Ok(all_new)
}

async fn create_one(client: &Client, plan: &TablePlan) -> Result<bool, Problem> {
    let keys = [
        Some((&plan.partition_key, KeyType::Hash)),
        plan.sort_key.as_ref().map(|key| (key, KeyType::Range)),
    ];
    let mut request = client
        .create_table()
        .table_name(&plan.name)
        .billing_mode(BillingMode::PayPerRequest);
    for (key, role) in keys.into_iter().flatten() {
        request = request
            .attribute_definitions(attribute(key)?)
            .key_schema(schema(key, role)?);
    }
    match request.send().await {
        Ok(made) => {
            let status = made
                .table_description()
                .and_then(|table| table.table_status());
            if status != Some(&TableStatus::Active) {
                wait_until_active(client, plan).await?;
            }
            enable_ttl(client, plan).await?;
            Ok(true)
        }
        Err(error) if error.as_service_error().is_some_and(exists) => Ok(false),
        Err(error) => Err(refused(plan, &error)),
    }
}

/// Whether there is a table of that name already.
fn exists(error: &CreateTableError) -> bool {
    error.is_resource_in_use_exception()
}

async fn wait_until_active(client: &Client, plan: &TablePlan) -> Result<(), Problem> {
    client
        .wait_until_table_exists()
        .table_name(&plan.name)
        .wait(std::time::Duration::from_mins(1))
        .await
        .map(drop)
        .map_err(|error| refused(plan, &error))
}

async fn enable_ttl(client: &Client, plan: &TablePlan) -> Result<(), Problem> {
    let Some(attribute) = &plan.ttl else {
        return Ok(());
    };
    let specification = TimeToLiveSpecification::builder()
        .attribute_name(attribute)
        .enabled(true)
        .build()
        .map_err(|error| refused(plan, &error))?;
    client
        .update_time_to_live()
        .table_name(&plan.name)
        .time_to_live_specification(specification)
        .send()
        .await
        .map(drop)
        .map_err(|error| refused(plan, &error))
}

fn attribute(key: &Key) -> Result<AttributeDefinition, Problem> {
    AttributeDefinition::builder()
        .attribute_name(&key.name)
        .attribute_type(ScalarAttributeType::from(key.kind.as_str()))
        .build()
        .map_err(|error| Problem::failure(error.to_string()))
}

fn schema(key: &Key, role: KeyType) -> Result<KeySchemaElement, Problem> {
    KeySchemaElement::builder()
        .attribute_name(&key.name)
        .key_type(role)
        .build()
        .map_err(|error| Problem::failure(error.to_string()))
}

fn refused(plan: &TablePlan, error: &dyn std::error::Error) -> Problem {
    let why = chain(error);
    Problem::failure(format!("the table {} could not be made: {why}", plan.name))
}
