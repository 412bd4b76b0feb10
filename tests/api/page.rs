//! `GET /`, `GET /c/{concert_id}`, `GET /tickets` and `GET /page/{version}/{file}`: the page for
//! buyers is sent whole, safely and in few bytes. `tests/page` opens it in a browser.

use std::{collections::BTreeSet, fs, io::Read as _, path::Path};

use functions::page::{FILES, LINE, content_type, strip::strip};
use local::{Options, Stack};

use crate::harness::{Reply, Shop};

/// The files that are sent under a path of their own.
const HTML: [&str; 2] = ["index.html", "operator.html"];

/// The paths with the HTML for buyers.
const PAGES: [&str; 4] = [
    "/",
    "/c/019a9e1c-1111-7000-8000-000000000001",
    "/c/anything",
    "/tickets",
];

/// The path of a file in the present version.
pub async fn file(shop: &Shop, name: &str) -> String {
    let html = shop.get("/").send().await.text;
    let after = html.split("/page/").nth(1).expect("a file");
    let version = after.split('/').next().expect("a version");
    format!("/page/{version}/{name}")
}

/// The paths of all files in the present version, and their names.
async fn files(shop: &Shop) -> Vec<(String, &'static str)> {
    let mut files = Vec::new();
    for (path, _) in FILES.iter().copied().chain([LINE]) {
        let name = path.rsplit('/').next().expect("a name");
        if !HTML.contains(&name) {
            files.push((file(shop, name).await, name));
        }
    }
    files
}

#[test]
fn list_has_every_file_of_the_folder_once() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions/page");
    let mut there = BTreeSet::new();
    collect(&folder, "", &mut there);
    let listed: BTreeSet<_> = FILES.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(listed, there);
    let all = FILES.iter().copied().chain([LINE]);
    let names: BTreeSet<_> = all
        .filter_map(|(path, _)| path.rsplit('/').next())
        .collect();
    assert_eq!(names.len(), FILES.len() + 1, "two files have the same name");
}

/// The files in a folder that a page needs.
fn collect(folder: &Path, prefix: &str, there: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("a name");
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{prefix}{name}/"), there);
        } else if content_type(&name).is_some() {
            there.insert(format!("{prefix}{name}"));
        } else {
            assert_eq!(name, "LICENSE", "no browser gets this file");
        }
    }
}

#[tokio::test]
async fn every_path_has_its_html_for_two_seconds() {
    let shop = Shop::empty().await;
    let home = shop.get("/").send().await.text;
    let desk = shop.get("/operator").send().await.text;
    assert!(desk.contains("/operator.mjs"), "{desk}");
    assert!(!home.contains("/operator.mjs"), "{home}");
    // A concert's id may be anything.
    let pages = PAGES.map(|path| (path, &home));
    for (path, html) in pages
        .into_iter()
        .chain([("/operator", &desk), ("/c/operator", &home)])
    {
        let reply = shop.get(path).send().await;
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(
            reply.header("cache-control"),
            "public, max-age=0, s-maxage=2"
        );
        assert_eq!(reply.text, *html, "{path}");
        assert!(!reply.text.contains("{version}"), "{path}");
    }
}

/// Each file that the HTML names is there, and all of them are of this host.
#[tokio::test]
async fn html_names_only_files_of_its_version() {
    let shop = Shop::empty().await;
    let home = shop.get("/").send().await.text;
    let html = home + &shop.get("/operator").send().await.text;
    let named: Vec<_> = ["src=\"", "href=\""]
        .iter()
        .flat_map(|attribute| html.split(attribute).skip(1))
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(named.len() > 2, "{html}");
    for path in named {
        assert!(path.starts_with("/page/"), "{path}");
        assert_eq!(shop.get(path).send().await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn file_is_kept_for_ever() {
    let shop = Shop::empty().await;
    for (path, name) in files(&shop).await {
        let reply = shop.get(&path).send().await;
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(Some(reply.header("content-type")), content_type(name));
        assert_eq!(
            reply.header("cache-control"),
            "public, max-age=31536000, immutable",
            "{path}"
        );
    }
}

/// What is 404 now may be there after the next deployment.
#[tokio::test]
async fn other_files_and_versions_are_404_and_kept_by_no_cache() {
    let shop = Shop::empty().await;
    let module = file(&shop, "main.mjs").await;
    let version = module.split('/').nth(2).expect("a version");
    for path in [
        "/page/0/main.mjs".to_owned(),
        format!("/page/{version}x/main.mjs"),
        format!("/page/{}/main.mjs", version.to_lowercase()),
        format!("/page/{version}/nothing.mjs"),
        format!("/page/{version}/index.html"),
        format!("/page/{version}/operator.html"),
        format!("/page/{version}/operator"),
        format!("/page/{version}/LICENSE"),
        format!("/page/{version}/MAIN.mjs"),
        format!("/page/{version}/vendor%2flit-html.js"),
        format!("/page/{version}/..%2fpage%2fmain.mjs"),
        format!("/page/{version}/..%2f..%2fCargo.toml"),
        format!("/page/{version}/%2e%2e%2fCargo.toml"),
        format!("/page/{version}/main.mjs%00"),
        format!("/page/..%2f{version}/main.mjs"),
        format!("/page/{version}/vendor/lit-html.js"),
        format!("/page/{version}/"),
        format!("/page/{version}"),
    ] {
        let reply = shop.get(&path).send().await;
        assert_eq!(reply.header("cache-control"), "private, no-store", "{path}");
        reply.refused(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn page_has_its_protection_on_every_answer() {
    let shop = Shop::empty().await;
    let files = files(&shop).await;
    for path in PAGES
        .into_iter()
        .chain(["/operator"])
        .chain(files.iter().map(|(path, _)| &**path))
    {
        let reply = shop.get(path).send().await;
        for (name, value) in [
            (
                "content-security-policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                 img-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; \
                 frame-ancestors 'none'; require-trusted-types-for 'script'; \
                 trusted-types lit-html onsale",
            ),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("strict-transport-security", "max-age=31536000"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            (
                "permissions-policy",
                "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            ),
        ] {
            assert_eq!(reply.header(name), value, "{path}");
        }
        assert_eq!(reply.header("set-cookie"), "", "{path}");
    }
}

/// With `Challenge`, the HTML may load and call the scripts of the firewall. Nothing else changes, and the
/// files, which browsers keep for ever, do not change at all.
#[tokio::test]
async fn only_html_allows_the_scripts_of_a_challenge_and_only_if_there_is_one() {
    let policies = async |shop: &Shop, paths: &[String]| {
        let mut policies = Vec::new();
        for path in paths {
            let reply = shop.get(path).send().await;
            policies.push(reply.header("content-security-policy").to_owned());
        }
        policies
    };
    let shop = Shop::empty().await;
    let checked = Shop::open_with(&[
        ("Cdn", "true"),
        ("OriginSecret", "01234567.0123456789abcdef0123456789abcdef"),
        ("WebAclArn", "arn:aws:wafv2:us-east-1:123456789012:global/webacl/edge/01234567-89ab-cdef-0123-456789abcdef"),
        ("Challenge", "true"),
    ])
    .await;
    let html: Vec<_> = PAGES
        .into_iter()
        .chain(["/operator"])
        .map(str::to_owned)
        .collect();
    let worker = [file(&shop, "beat.mjs").await];
    let before = policies(&shop, &html).await;
    for (policy, before) in policies(&checked, &html).await.iter().zip(&before) {
        assert_eq!(policy.matches("awswaf").count(), 2, "{policy}");
        for directive in ["script-src", "connect-src"] {
            let allowed = format!("{directive} 'self' https://*.awswaf.com;");
            assert!(policy.contains(&allowed), "{policy}");
        }
        assert_eq!(policy.replace(" https://*.awswaf.com", ""), *before);
    }
    assert_eq!(
        policies(&checked, &worker).await,
        policies(&shop, &worker).await
    );
}

fn decompressed(reply: &Reply) -> String {
    let mut text = String::new();
    let read = if reply.header("content-encoding") == "br" {
        brotli::Decompressor::new(&*reply.bytes, 4_096).read_to_string(&mut text)
    } else {
        flate2::read::GzDecoder::new(&*reply.bytes).read_to_string(&mut text)
    };
    read.expect("a compressed text");
    text
}

#[tokio::test]
async fn page_is_compressed_for_a_client_that_accepts_it() {
    let shop = Shop::empty().await;
    let files = files(&shop).await;
    let (mut sent, mut whole) = (0, 0);
    for path in ["/", "/operator"]
        .into_iter()
        .chain(files.iter().map(|(path, _)| &**path))
    {
        let plain = shop.get(path).send().await;
        assert_eq!(plain.header("content-encoding"), "", "{path}");
        assert_eq!(plain.header("vary"), "accept-encoding", "{path}");
        for (accepted, coding) in [
            ("gzip", "gzip"),
            ("gzip, deflate", "gzip"),
            ("gzip, br;q=0", "gzip"),
            ("gzip, deflate, br, zstd", "br"),
            // The second time an instance has it already.
            ("br;q=0.1, gzip; q=1", "br"),
        ] {
            let call = shop.get(path).header("accept-encoding", accepted);
            let compressed = call.send().await;
            assert_eq!(compressed.header("content-encoding"), coding, "{path}");
            assert_eq!(compressed.header("vary"), "accept-encoding", "{path}");
            assert_eq!(
                compressed.header("content-type"),
                plain.header("content-type")
            );
            assert_eq!(decompressed(&compressed), plain.text, "{path}");
            sent += compressed.bytes.len();
            whole += plain.bytes.len();
        }
        for refused in ["", "identity", "zstd", "gzip;q=0", "br;q=0, gzip; q=0.0"] {
            let call = shop.get(path).header("accept-encoding", refused);
            let plain_too = call.send().await;
            assert_eq!(plain_too.header("content-encoding"), "", "{refused}");
            assert_eq!(plain_too.text, plain.text, "{path}");
        }
    }
    assert!(sent < whole / 2, "{sent} bytes of {whole}");
}

#[tokio::test]
async fn head_says_the_length_in_gzip() {
    let shop = Shop::empty().await;
    let path = file(&shop, "main.mjs").await;
    let ask = |method: &str| shop.call(method, &path).header("accept-encoding", "gzip");
    let (get, head) = (ask("GET").send().await, ask("HEAD").send().await);
    let length = get.bytes.len().to_string();
    assert_eq!(head.status, 200);
    assert_eq!(head.header("content-length"), length);
    assert_eq!(head.header("content-encoding"), "gzip");
    assert_eq!(head.text, "");
}

/// The letters of a style, without comments, white space and what only ends the last line of a rule.
fn letters(style: &str) -> String {
    let (mut letters, mut rest) = (String::new(), style);
    while let Some((code, comment)) = rest.split_once("/*") {
        letters.extend(code.split_whitespace());
        (_, rest) = comment.split_once("*/").expect("the end of a comment");
    }
    letters.extend(rest.split_whitespace());
    letters.replace(";}", "}")
}

/// What is left out of a file are whole lines: empty ones, and comments. Of all others, only white
/// space at their start, and types; in styles, all white space that means nothing.
#[tokio::test]
async fn files_are_sent_without_comments_and_indentation() {
    let shop = Shop::empty().await;
    for (path, source) in FILES.iter().copied().chain([LINE]) {
        let name = path.rsplit('/').next().expect("a name");
        if HTML.contains(&name) {
            continue;
        }
        let sent = shop.get(&file(&shop, name).await).send().await.text;
        if path.starts_with("vendor/") {
            assert_eq!(sent, source, "{path}");
            assert!(sent.contains("@license"), "{path}");
            continue;
        }
        if Path::new(name)
            .extension()
            .is_some_and(|ending| ending == "css")
        {
            assert_eq!(letters(&sent), letters(source), "{path}");
            assert!(sent.len() < source.len(), "{path}");
            continue;
        }
        let mut is_comment = false;
        let mut lines = sent.lines().peekable();
        for line in source.lines() {
            let code = line.trim_start();
            let kept = [line, code, &without_types(line), &without_types(code)];
            if lines.next_if(|sent| kept.contains(sent)).is_some() {
                continue;
            }
            is_comment |= code.starts_with("/*") || code.starts_with("<!--");
            assert!(
                is_comment || code.is_empty() || code.starts_with("//"),
                "{path} lacks {line}"
            );
            is_comment &= !code.ends_with("*/") && !code.ends_with("-->");
        }
        assert_eq!(lines.next(), None, "{path} has more than its source");
    }
    let module = shop.get(&file(&shop, "line.mjs").await).send().await.text;
    assert!(
        !module.contains("\n//") && !module.contains("\n *"),
        "{module}"
    );
    assert!(!module.contains("\n "), "{module}");
}

/// A line without the types in it: `/** @type {string} */ `.
fn without_types(line: &str) -> String {
    let mut parts = line.split("/** ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |line, part| {
        let (_, code) = part.split_once("*/").expect("a comment that ends");
        line + code.strip_prefix(' ').unwrap_or(code)
    })
}

#[test]
fn comments_with_lines_of_their_own_and_indentation_go() {
    let source = "\
// One.
  // Two.

/**
 * Three.
 */
export function f(a) { // Four.
  const text = '// five'; /* six
    seven */ const b = \"it's `eight\";
  /* nine */
  /* ten */ return a / 2;
  const c = /** @type {string} */ (b), d = '/** @type {5} */', e = `/** ${/** @type {any} */ (c)} */`;
  return b // eleven /** no type */
    /* twelve
       thirteen */
    + 1;
}
";
    let stripped = "\
export function f(a) { // Four.
const text = '// five'; /* six
    seven */ const b = \"it's `eight\";
  /* ten */ return a / 2;
const c = (b), d = '/** @type {5} */', e = `/** ${(c)} */`;
return b // eleven /** no type */
+ 1;
}
";
    assert_eq!(strip("main.mjs", source), stripped);
}

#[test]
fn lines_of_template_literals_stay() {
    let source = "\
  const list = html`
    // not a comment
    ${items.map((item) => {
      // a comment
      const { name } = item;
      return html`<li class=\"${`a
        b`}\">
        ${name} \\` \\${
        /* not a comment */
      </li>`;
    })}

  `; // `
  const after = 1;
";
    let stripped = "\
const list = html`
    // not a comment
    ${items.map((item) => {
const { name } = item;
return html`<li class=\"${`a
        b`}\">
        ${name} \\` \\${
        /* not a comment */
      </li>`;
})}

  `; // `
const after = 1;
";
    assert_eq!(strip("main.mjs", source), stripped);
}

#[test]
fn licences_stay() {
    let source = "/**\n * @license\n * Copyright\n */\n  let a;\n";
    assert_eq!(
        strip("a.js", source),
        "/**\n * @license\n * Copyright\n */\nlet a;\n"
    );
}

#[test]
fn styles_lose_only_spaces_and_lines_without_a_meaning() {
    let style = "a,\nb {\n  --own: 1px;\n  transition:\n    color 1s,\n    top 1s;\n}\n\
                 @media (min-width: 1px) {\n  a :hover,\n  c:focus {\n    top: 0;\n  }\n}\n";
    assert_eq!(
        strip("page.css", style),
        "a,b{--own: 1px;transition:\ncolor 1s,top 1s}\
         @media (min-width: 1px){a :hover,c:focus{top:0}}"
    );
}

#[test]
fn styles_and_html_lose_their_comments_too() {
    let style = "/* One. */\na {\n  /* Two\n   * lines. */\n  color: red; /* three */\n\n  margin: 0 // 1;\n}\n";
    assert_eq!(
        strip("page.css", style),
        "a{color: red; /* three */\nmargin:0 // 1}"
    );
    let html =
        "<!DOCTYPE html>\n<!-- One\n  two. -->\n<p>\n  // text `\n</p>\n<!-- three --> <b>\n";
    assert_eq!(
        strip("index.html", html),
        "<!DOCTYPE html>\n<p>\n// text `\n</p>\n<!-- three --> <b>\n"
    );
}

/// For those who write the page: `cargo local --page functions/page`.
#[tokio::test]
async fn page_of_a_folder_is_read_again_for_each_request() {
    let folder = std::env::temp_dir().join(format!("onsale-page-{}", std::process::id()));
    fs::create_dir_all(folder.join("vendor")).expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("written");
    write(
        "index.html",
        "  <script src=\"/page/{version}/main.mjs\">\n",
    );
    write("main.mjs", "  let a;\n");
    write("vendor/other.js", "  let b;\n");
    write("notes.txt", "\n");
    let options = Options {
        page: Some(folder.clone()),
        ..Options::default()
    };
    let shop = Shop::on(Stack::start(options).await.expect("the stack starts"));
    let before = file(&shop, "main.mjs").await;
    assert_eq!(shop.get(&before).send().await.text, "let a;\n");
    let vendored = file(&shop, "other.js").await;
    assert_eq!(shop.get(&vendored).send().await.text, "  let b;\n");
    let line = file(&shop, "line.mjs").await;
    assert_eq!(shop.get(&line).send().await.status, 200);
    let notes = file(&shop, "notes.txt").await;
    shop.get(&notes).send().await.refused(404, "NOT_FOUND");

    write("main.mjs", "let c;\n");
    shop.get(&before).send().await.refused(404, "NOT_FOUND");
    let after = file(&shop, "main.mjs").await;
    assert_ne!(before, after);
    assert_eq!(shop.get(&after).send().await.text, "let c;\n");

    fs::remove_dir_all(&folder).expect("removed");
    shop.get("/").send().await.refused(500, "INTERNAL");
}

#[tokio::test]
async fn folder_that_cannot_be_read_is_named() {
    let options = Options {
        page: Some("/nowhere/page".into()),
        ..Options::default()
    };
    let problem = Stack::start(options).await.err().expect("a problem");
    let text = problem.to_string();
    assert!(
        text.starts_with("the page in /nowhere/page cannot be read"),
        "{text}"
    );
}
