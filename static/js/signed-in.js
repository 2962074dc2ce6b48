/* The one script of a page for those who are logged in. Each file stands for itself, in a function of its own. */
import "./controls.js";
import "./language.js";
import "./drafts.js";
import "./session.js";
