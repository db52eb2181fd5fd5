"""What the pages show, worked out without Streamlit: plain values in, plain values out."""
