/* The one script of a page for those who are not logged in; every page works without it. */
import "./controls.js";
import "./language.js";
