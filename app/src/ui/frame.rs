//! What stands around every page: the rooms on the left (above, on a phone), the page, and who is looking.

use std::sync::Arc;

use domain::accounts::Viewer;
use leptos::{prelude::*, server_fn::ServerFn};

use crate::{accounts::SignOut, host, site::SiteInfo};

/// A room that the sidebar leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
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

impl Room {
    /// The rooms of whoever is looking: one line each.
    fn open_to(viewer: Option<&Viewer>) -> Vec<Room> {
        match viewer {
            Some(viewer) if viewer.is_admin() => Room::open_to_members()
                .into_iter()
                .chain([Room::Upstreams, Room::Models, Room::Users, Room::Audit])
                .collect(),
            Some(_) => Room::open_to_members(),
            None => vec![Room::Home, Room::Leaderboard, Room::SignIn, Room::SignUp],
        }
    }

    fn open_to_members() -> Vec<Room> {
        vec![Room::Playground, Room::Dashboard, Room::Leaderboard, Room::Routing, Room::Keys]
    }

    fn door(self) -> (&'static str, &'static str) {
        match self {
            Room::Home => ("/", "What this is"),
            Room::Playground => ("/playground", "Playground"),
            Room::Dashboard => ("/dashboard", "Dashboard"),
            Room::Leaderboard => ("/leaderboard", "Leaderboard"),
            Room::Routing => ("/routing", "Routing"),
            Room::Keys => ("/keys", "Keys"),
            Room::Account => ("/account", "Account"),
            Room::Upstreams => ("/admin/upstreams", "Upstreams"),
            Room::Models => ("/admin/models", "Models"),
            Room::Users => ("/admin/users", "Users"),
            Room::Audit => ("/admin/audit", "Audit log"),
            Room::SignIn => ("/sign-in", "Sign in"),
            Room::SignUp => ("/sign-up", "Create an account"),
        }
    }
}

/// The frame of a page.
#[component]
pub fn Frame(
    /// The room that the page belongs to, marked in the sidebar.
    #[prop(optional, into)]
    room: Option<Room>,
    children: Children,
) -> impl IntoView {
    let viewer = host::viewer().ok();
    let site = use_context::<Arc<SiteInfo>>();
    let name = site.as_ref().map_or("Quadrille".into(), |site| site.name.clone());
    let is_simulated = site.is_some_and(|site| site.is_simulated);
    let rooms: Vec<_> = Room::open_to(viewer.as_ref())
        .into_iter()
        .map(|other| {
            let (path, title) = other.door();
            view! { <li><a href=path aria-current=(room == Some(other)).then_some("page")>{title}</a></li> }
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
                <nav aria-label="Rooms"><ul>{rooms}</ul></nav>
            </header>
            <main id="content" tabindex="-1">
                {simulated}
                {children()}
            </main>
            <footer class="foot">
                {viewer.map(|viewer| view! { <Who viewer room/> })}
                <ThemeSwitch/>
            </footer>
        </div>
    }
}

/// Four squares.
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

/// Who is looking, the way to their account, and the way out.
#[component]
fn Who(viewer: Viewer, room: Option<Room>) -> impl IntoView {
    let email = viewer.email;
    let (path, title) = Room::Account.door();
    view! {
        <form class="who" method="post" action=SignOut::url()>
            <span title=email.clone()>{email.clone()}</span>
            <a href=path aria-current=(room == Some(Room::Account)).then_some("page")>{title}</a>
            <button class="link" type="submit">"Sign out"</button>
        </form>
    }
}

/// Which of the two themes: the system's, or one that is kept in this browser. `theme.js` answers the buttons.
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
