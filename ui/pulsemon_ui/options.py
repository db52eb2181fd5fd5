"""How Streamlit is set up: what it leaves alone, and the colours and type of both themes."""

OPTIONS: dict[str, object] = {
    "global.developmentMode": False,
    "server.headless": True,
    "server.fileWatcherType": "none",
    "server.runOnSave": False,
    "server.scriptHealthCheckEnabled": True,
    "server.websocketPingInterval": 20,
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "viewer",
    "client.showErrorDetails": "none",
    "runner.magicEnabled": False,
    # Its default, a full collection after every fragment run, takes most of the CPU that viewers cost.
    "runner.postScriptGC": False,
    "logger.level": "warning",
}

_SHAPE: dict[str, object] = {
    "primaryColor": "#1F6FB2",
    "baseRadius": "6px",
    "buttonRadius": "6px",
    "showWidgetBorder": True,
    "baseFontSize": 15,
    "headingFontSizes": ["1.6rem", "1.25rem", "1.05rem", "0.95rem", "0.9rem", "0.85rem"],
    "headingFontWeights": [600, 600, 600, 600, 600, 600],
}

_LIGHT: dict[str, object] = {
    "primaryColor": "#1F6FB2",
    "backgroundColor": "#FFFFFF",
    "secondaryBackgroundColor": "#F4F6F8",
    "textColor": "#1B2027",
    "borderColor": "#DDE2E8",
    "linkColor": "#1F6FB2",
    "redColor": "#B3112F",
    "redTextColor": "#A30F2B",
    "orangeColor": "#C88400",
    "orangeTextColor": "#8A5A00",
    "greenColor": "#5AA08C",
    "greenTextColor": "#2F6F5E",
    "grayColor": "#646A78",
    "grayTextColor": "#555B68",
    "violetColor": "#7531BE",
    "violetTextColor": "#6A2AAE",
    "blueColor": "#1F6FB2",
    "blueTextColor": "#1F6FB2",
    "chartCategoricalColors": [
        "#1F6FB2", "#D1662B", "#4B8F6E", "#8F4FB5", "#8A6D1F", "#3F9BB0", "#B84A78", "#66717F",
    ],
}  # fmt: skip

_DARK: dict[str, object] = {
    "primaryColor": "#5AA9E6",
    "backgroundColor": "#14171C",
    "secondaryBackgroundColor": "#1D2128",
    "textColor": "#E6E9EE",
    "borderColor": "#323945",
    "linkColor": "#7CBBEE",
    "redColor": "#E8293F",
    "redTextColor": "#FF8A96",
    "orangeColor": "#FFCB52",
    "orangeTextColor": "#FFCB52",
    "greenColor": "#31B5AC",
    "greenTextColor": "#6FD3CB",
    "grayColor": "#6C7280",
    "grayTextColor": "#B3B9C4",
    "violetColor": "#A26BF2",
    "violetTextColor": "#C4A2F8",
    "blueColor": "#5AA9E6",
    "blueTextColor": "#7CBBEE",
    "chartCategoricalColors": [
        "#5AA9E6", "#F0955C", "#6FC79E", "#C08BE0", "#D9BC5C", "#5CC6DC", "#E383AC", "#A5AEBB",
    ],
}  # fmt: skip


def options(host: str, port: int) -> dict[str, object]:
    """All options by their dotted names."""
    themes = {"theme": _SHAPE, "theme.light": _LIGHT, "theme.dark": _DARK}
    colours = {f"{section}.{name}": value for section, values in themes.items() for name, value in values.items()}
    return {**OPTIONS, **colours, "server.address": host, "server.port": port, "browser.serverAddress": host}
