//! Every page of the site.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

use crate::{
    accounts::{AccountPage, SignInPage, SignUpPage},
    analytics::KeyAnalyticsPage,
    audit::AuditPage,
    catalog::admin::{
        CatalogPage, ImportPage, ModelPage, ModelsPage, NewModelPage, NewUpstreamPage, TestPage, UpstreamPage,
        UpstreamsPage,
    },
    dashboard::DashboardPage,
    home::HomePage,
    keys::KeysPage,
    leaderboard::{LeaderboardModelPage, LeaderboardPage, MethodPage},
    playground::{ComparisonPage, PlaygroundPage},
    routing::RoutingPage,
    share::{SharePage, SharedPage},
    site::SiteInfo,
    ui::{Frame, NotFoundMessage, set_status},
    users::UsersPage,
};

/// The routes of the site. Pages are rendered on the server; their interactive parts are islands.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let name = use_context::<Arc<SiteInfo>>().map_or("Quadrille".into(), |site| site.name.clone());
    view! {
        <Title formatter=move |title: String| if title.is_empty() { name.clone() } else { format!("{title} · {name}") }/>
        <Router>
            <Routes fallback=NotFoundPage>
                <Route path=path!("/") view=HomePage ssr=SsrMode::Async/>
                <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async/>
                <Route path=path!("/sign-up") view=SignUpPage ssr=SsrMode::Async/>
                <Route path=path!("/account") view=AccountPage ssr=SsrMode::Async/>
                <Route path=path!("/playground") view=PlaygroundPage ssr=SsrMode::Async/>
                <Route path=path!("/playground/shared/:slug") view=SharedPage ssr=SsrMode::Async/>
                <Route path=path!("/playground/:id/share") view=SharePage ssr=SsrMode::Async/>
                <Route path=path!("/playground/:id") view=ComparisonPage ssr=SsrMode::Async/>
                <Route path=path!("/leaderboard") view=LeaderboardPage ssr=SsrMode::Async/>
                <Route path=path!("/leaderboard/method") view=MethodPage ssr=SsrMode::Async/>
                <Route path=path!("/leaderboard/:slug") view=LeaderboardModelPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard") view=DashboardPage ssr=SsrMode::Async/>
                <Route path=path!("/routing") view=RoutingPage ssr=SsrMode::Async/>
                <Route path=path!("/keys") view=KeysPage ssr=SsrMode::Async/>
                <Route path=path!("/keys/:id/analytics") view=KeyAnalyticsPage ssr=SsrMode::Async/>
                <Route path=path!("/admin/upstreams") view=UpstreamsPage ssr=SsrMode::Async/>
                <Route path=path!("/admin/upstreams/new") view=NewUpstreamPage ssr=SsrMode::Async/>
                <Route path=path!("/admin/upstreams/:id") view=UpstreamPage ssr=SsrMode::Async/>
                <Route path=path!("/admin/upstreams/:id/import") view=ImportPage ssr=SsrMode::Async/>
                <Route path=path!("/admin/models") view=ModelsPage ssr=SsrMode::Async/>
                <Route path=path!("/admin/add-model") view=NewModelPage ssr=SsrMode::Async/>
                <Route path=path!("/admin/models/:slug") view=ModelPage ssr=SsrMode::Async/>
                <Route path=path!("/admin/models/:slug/test") view=TestPage ssr=SsrMode::Async/>
                <Route path=path!("/admin/catalog") view=CatalogPage ssr=SsrMode::Async/>
                <Route path=path!("/admin/users") view=UsersPage ssr=SsrMode::Async/>
                <Route path=path!("/admin/audit") view=AuditPage ssr=SsrMode::Async/>
            </Routes>
        </Router>
    }
}

/// Any other address: 404.
#[component]
fn NotFoundPage() -> impl IntoView {
    set_status(404);
    view! { <Frame><NotFoundMessage/></Frame> }
}
