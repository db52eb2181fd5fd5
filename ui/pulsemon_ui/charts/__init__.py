"""Apache ECharts options as plain data; every value in them was made ready by the view models."""
