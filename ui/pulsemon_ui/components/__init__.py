"""Parts of pages that Streamlit has no element for, each a style sheet and a script that the browser loads once."""
