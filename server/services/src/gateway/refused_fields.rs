//! Request fields that some upstreams and proxies interpret as an address, credentials, headers or a fallback model. A caller
//! could use them to redirect a call, to read credentials of the operator, or to use a model that is neither allowed nor
//! recorded.

/// Rejected names, in lower case with `_` for `-`. Sorted.
const REFUSED: &[&str] = &[
    "api_base",
    "api_key",
    "api_type",
    "api_version",
    "aws_access_key_id",
    "aws_bedrock_runtime_endpoint",
    "aws_profile_name",
    "aws_role_name",
    "aws_secret_access_key",
    "aws_session_name",
    "aws_session_token",
    "aws_sts_endpoint",
    "aws_web_identity_token",
    "azure_ad_token",
    "azure_endpoint",
    "base_url",
    "client_secret",
    "configurable_clientside_auth_params",
    "content_policy_fallbacks",
    "context_window_fallbacks",
    "custom_llm_provider",
    "default_headers",
    "extra_body",
    "extra_headers",
    "extra_query",
    "fallbacks",
    "headers",
    "litellm_credential_name",
    "litellm_params",
    "mock_response",
    "mock_testing_content_policy_fallbacks",
    "mock_testing_context_fallbacks",
    "mock_testing_fallbacks",
    "model_list",
    "models",
    "organization",
    "proxy",
    "router_settings_override",
    "user_config",
    "vertex_credentials",
    "vertex_location",
    "vertex_project",
    "watsonx_url",
];

/// Whether a request with this field is rejected. Case and `-` or `_` make no difference.
pub(super) fn is_refused(name: &str) -> bool {
    let normal: String = name.trim().chars().map(|c| if c == '-' { '_' } else { c.to_ascii_lowercase() }).collect();
    REFUSED.binary_search(&normal.as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_a_call_elsewhere_is_refused_however_it_is_written() {
        assert!(REFUSED.is_sorted());
        for name in ["api_base", "API_BASE", "api-key", " base_url ", "extra_headers", "fallbacks"] {
            assert!(is_refused(name), "{name}");
        }
        for name in ["model", "messages", "tools", "metadata", "user", "store", "seed", "reasoning_effort", "top_k"] {
            assert!(!is_refused(name), "{name}");
        }
    }
}
