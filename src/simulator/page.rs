//! The look of the hosted pages: plain HTML forms that work without JavaScript.

/// Text made safe to stand in HTML, in attributes too.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

const STYLE: &str = "\
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}\
body{margin:0;background:Canvas;color:CanvasText}\
main{max-width:40rem;margin:0 auto;padding:2rem 1rem}\
h1{font-size:1.4rem;margin:0 0 .25rem}\
.note{color:GrayText;margin:0 0 1.5rem}\
.notice{border-left:4px solid #b45309;padding:.5rem .75rem;margin:0 0 1.5rem}\
form{display:grid;gap:.75rem;margin:0 0 1.5rem}\
fieldset{border:1px solid GrayText;border-radius:6px;padding:.5rem .75rem}\
label{display:grid;gap:.25rem}\
.tick{display:flex;gap:.5rem;align-items:center}\
input:not([type=checkbox]):not([type=radio]){font:inherit;padding:.5rem;\
border:1px solid GrayText;border-radius:6px}\
button{font:inherit;padding:.6rem 1rem;border:0;border-radius:6px;\
background:#1d4ed8;color:#fff;cursor:pointer}\
button.quiet{background:none;color:inherit;border:1px solid GrayText}\
.row{display:flex;gap:.75rem;flex-wrap:wrap}.row form{margin:0}\
table{border-collapse:collapse;width:100%;font-size:.875rem}\
td,th{text-align:left;padding:.25rem .5rem;border-top:1px solid GrayText;vertical-align:top}\
details{margin-top:2rem}";

/// A whole page; `title` is escaped here, `body` is HTML already.
pub fn layout(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\"><title>{title}</title>\
         <style>{STYLE}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>"
    )
}

/// The page on which a customer pays.
#[derive(Debug, Default)]
pub struct Checkout<'a> {
    /// The page's heading.
    pub title: &'a str,
    /// What is paid for and how much; plain text.
    pub summary: &'a str,
    /// Something to tell the customer first, such as that the last try was declined.
    pub notice: Option<&'a str>,
    /// The saved card on offer, masked; its number and expiry are then not asked for.
    pub saved_card: Option<&'a str>,
    /// Whether the customer may choose to save the card, and whether the box starts ticked.
    pub save_box: Option<bool>,
    /// Methods to choose from: value and label. One or none shows no choice.
    pub methods: &'a [(&'a str, &'a str)],
    /// The label of the button.
    pub button: &'a str,
    /// Whether there is a method whose own app can say no.
    pub can_decline: bool,
    /// Where the forms are sent: `{action}/pay`, `/cancel`, `/expire`, `/decline`.
    pub action: &'a str,
    /// Test cards: number and what it does.
    pub test_cards: &'a [(&'a str, &'a str)],
    /// A rule about test amounts; plain text.
    pub test_amounts: &'a str,
}

impl Checkout<'_> {
    /// The page as HTML.
    pub fn html(&self) -> String {
        let mut body = format!("<p class=\"note\">{}</p>", escape(self.summary));
        if let Some(notice) = self.notice {
            let notice = escape(notice);
            body.push_str(&format!("<p class=\"notice\" role=\"alert\">{notice}</p>"));
        }
        let action = escape(self.action);
        body.push_str(&format!("<form method=\"post\" action=\"{action}/pay\">"));
        body.push_str(&self.method_choice());
        body.push_str(&self.card_fields());
        if let Some(ticked) = self.save_box {
            let checked = if ticked { " checked" } else { "" };
            body.push_str(&format!(
                "<label class=\"tick\"><input type=\"checkbox\" name=\"save\" value=\"true\"\
                 {checked}> Save this card</label>"
            ));
        }
        let button = escape(self.button);
        body.push_str(&format!("<button type=\"submit\">{button}</button></form>"));
        body.push_str("<div class=\"row\">");
        body.push_str(&button_form(&format!("{}/cancel", self.action), "Cancel"));
        body.push_str(&button_form(&format!("{}/expire", self.action), "Let it expire"));
        if self.can_decline {
            let action = format!("{}/decline", self.action);
            body.push_str(&button_form(&action, "Say no in the app"));
        }
        body.push_str("</div>");
        body.push_str(&self.test_data());
        layout(self.title, &body)
    }

    fn method_choice(&self) -> String {
        if self.methods.len() < 2 {
            return String::new();
        }
        let mut choice = String::from("<fieldset><legend>Pay with</legend>");
        for (place, (value, label)) in self.methods.iter().enumerate() {
            let checked = if place == 0 { " checked" } else { "" };
            let (value, label) = (escape(value), escape(label));
            choice.push_str(&format!(
                "<label class=\"tick\"><input type=\"radio\" name=\"method\" \
                 value=\"{value}\"{checked}> {label}</label>"
            ));
        }
        choice.push_str("</fieldset>");
        choice
    }

    fn card_fields(&self) -> String {
        let cvc = "<label>Security code (CVC)<input name=\"cvc\" inputmode=\"numeric\" \
                   autocomplete=\"cc-csc\" maxlength=\"4\"></label>";
        if let Some(card) = self.saved_card {
            let card = escape(card);
            return format!("<p>Saved card <strong>{card}</strong></p>{cvc}");
        }
        format!(
            "<label>Card number<input name=\"card\" inputmode=\"numeric\" \
             autocomplete=\"cc-number\" maxlength=\"23\"></label>\
             <label>Expiry (MM/YYYY)<input name=\"expiry\" autocomplete=\"cc-exp\" \
             maxlength=\"7\"></label>{cvc}\
             <label>Name on the card<input name=\"holder\" autocomplete=\"cc-name\" \
             maxlength=\"32\"></label>"
        )
    }

    fn test_data(&self) -> String {
        let mut rows = String::new();
        for (card, meaning) in self.test_cards {
            let (card, meaning) = (escape(card), escape(meaning));
            rows.push_str(&format!("<tr><td><code>{card}</code></td><td>{meaning}</td></tr>"));
        }
        let amounts = escape(self.test_amounts);
        format!(
            "<details open><summary>This is a simulator. Test cards</summary>\
             <table><thead><tr><th>Card</th><th>What happens</th></tr></thead>\
             <tbody>{rows}</tbody></table><p>{amounts}</p></details>"
        )
    }
}

/// The bank's page in the middle of a 3-D Secure payment. Its form sends `result=pass` or `fail`.
pub fn challenge(summary: &str, action: &str) -> String {
    let body = format!(
        "<p class=\"note\">{}</p><p>Your bank wants to know that it is you.</p>\
         <form method=\"post\" action=\"{}\"><div class=\"row\">\
         <button type=\"submit\" name=\"result\" value=\"pass\">Pass</button>\
         <button type=\"submit\" name=\"result\" value=\"fail\" class=\"quiet\">Fail</button>\
         </div></form>",
        escape(summary),
        escape(action)
    );
    layout("3-D Secure", &body)
}

/// A page that only says something, with forms (label, action) below.
pub fn message(title: &str, text: &str, forms: &[(&str, &str)]) -> String {
    let mut body = format!("<p>{}</p><div class=\"row\">", escape(text));
    for (label, action) in forms {
        body.push_str(&button_form(action, label));
    }
    body.push_str("</div>");
    layout(title, &body)
}

fn button_form(action: &str, label: &str) -> String {
    let (action, label) = (escape(action), escape(label));
    format!(
        "<form method=\"post\" action=\"{action}\">\
         <button type=\"submit\" class=\"quiet\">{label}</button></form>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_becomes_markup() {
        let page = Checkout {
            title: "<i>",
            summary: "\"><script>",
            notice: Some("<b>"),
            saved_card: Some("<u>"),
            action: "\"><img>",
            ..Checkout::default()
        };
        let html = page.html();
        for raw in ["<i>", "<script>", "<b>", "<u>", "<img>"] {
            assert!(!html.contains(raw), "{raw} came through");
        }
    }
}
