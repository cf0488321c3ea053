//! The layout shared by every page: navigation on the left (on top on a phone), the page's content, and the signed-in user.

use std::sync::Arc;

use domain::accounts::Viewer;
use leptos::{prelude::*, server_fn::ServerFn};

use crate::{accounts::SignOut, host, site::SiteInfo};

/// A section of the site with an entry in the navigation. Pages outside of any section mark none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Home,
    Playground,
    Dashboard,
    Leaderboard,
    Routing,
    Keys,
    Account,
    SignIn,
    SignUp,
    Upstreams,
    Models,
    Users,
    Audit,
}

impl Section {
    /// The navigation entries for this viewer, in display order.
    fn visible_to(viewer: Option<&Viewer>) -> Vec<Section> {
        match viewer {
            Some(viewer) if viewer.is_admin() => Section::of_members()
                .into_iter()
                .chain([Section::Upstreams, Section::Models, Section::Users, Section::Audit])
                .collect(),
            Some(_) => Section::of_members(),
            None => vec![Section::Home, Section::Leaderboard, Section::SignIn, Section::SignUp],
        }
    }

    fn of_members() -> Vec<Section> {
        vec![Section::Playground, Section::Dashboard, Section::Leaderboard, Section::Routing, Section::Keys]
    }

    /// Path and title of the navigation entry.
    fn link(self) -> (&'static str, &'static str) {
        match self {
            Section::Home => ("/", "What this is"),
            Section::Playground => ("/playground", "Playground"),
            Section::Dashboard => ("/dashboard", "Dashboard"),
            Section::Leaderboard => ("/leaderboard", "Leaderboard"),
            Section::Routing => ("/routing", "Routing"),
            Section::Keys => ("/keys", "Keys"),
            Section::Account => ("/account", "Account"),
            Section::Upstreams => ("/admin/upstreams", "Upstreams"),
            Section::Models => ("/admin/models", "Models"),
            Section::Users => ("/admin/users", "Users"),
            Section::Audit => ("/admin/audit", "Audit log"),
            Section::SignIn => ("/sign-in", "Sign in"),
            Section::SignUp => ("/sign-up", "Create an account"),
        }
    }
}

/// The frame of a page.
#[component]
pub fn Frame(
    /// The section that the page belongs to, marked as current in the navigation.
    #[prop(optional, into)]
    section: Option<Section>,
    children: Children,
) -> impl IntoView {
    let viewer = host::viewer().ok();
    let site = use_context::<Arc<SiteInfo>>();
    let name = site.as_ref().map_or("Quadrille".into(), |site| site.name.clone());
    let is_simulated = site.is_some_and(|site| site.is_simulated);
    let links: Vec<_> = Section::visible_to(viewer.as_ref())
        .into_iter()
        .map(|other| {
            let (path, title) = other.link();
            view! { <li><a href=path aria-current=(section == Some(other)).then_some("page")>{title}</a></li> }
        })
        .collect();
    let simulated = is_simulated.then(|| {
        view! {
            <p class="simulated" role="note">
                <b>"Simulated"</b>
                " Demo mode: the models that come with it are simulated, their answers made up."
            </p>
        }
    });
    view! {
        <a class="skip" href="#content">"Skip to the content"</a>
        <div class="shell">
            <header class="side">
                <a class="logo" href="/"><Mark/><span class="logo-name">{name}</span></a>
                <nav aria-label="Rooms"><ul>{links}</ul></nav>
            </header>
            <main id="content" tabindex="-1">
                {simulated}
                {children()}
            </main>
            <footer class="foot">
                {viewer.map(|viewer| view! { <Who viewer section/> })}
                <ThemeSwitch/>
            </footer>
        </div>
    }
}

/// The logo: four squares.
#[component]
fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 22 22" aria-hidden="true">
            <rect class="pos-a" width="10" height="10"/>
            <rect class="pos-b" x="12" width="10" height="10"/>
            <rect class="pos-c" y="12" width="10" height="10"/>
            <rect class="pos-d" x="12" y="12" width="10" height="10"/>
        </svg>
    }
}

/// The signed-in user's e-mail address with links to the account and to sign out.
#[component]
fn Who(viewer: Viewer, section: Option<Section>) -> impl IntoView {
    let email = viewer.email;
    let (path, title) = Section::Account.link();
    view! {
        <form class="who" method="post" action=SignOut::url()>
            <span title=email.clone()>{email.clone()}</span>
            <a href=path aria-current=(section == Some(Section::Account)).then_some("page")>{title}</a>
            <button class="link" type="submit">"Sign out"</button>
        </form>
    }
}

/// Theme selection: the system's preference, or a choice stored in this browser. `theme.js` handles the buttons.
#[component]
fn ThemeSwitch() -> impl IntoView {
    view! {
        <div class="themes" role="group" aria-label="Theme">
            <button type="button" data-set-theme="system" aria-pressed="true">"System"</button>
            <button type="button" data-set-theme="light" aria-pressed="false">"Light"</button>
            <button type="button" data-set-theme="dark" aria-pressed="false">"Dark"</button>
        </div>
    }
}
