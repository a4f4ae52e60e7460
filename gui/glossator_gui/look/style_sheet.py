"""How widgets look in a theme: Qt's palette, and what it does not reach."""

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from glossator_gui.look.theme import Theme
from glossator_resources import icon_file


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Set palette and style sheet of the whole application, where they are others."""
    sheet = _style_sheet(theme, app.font().pointSizeF())
    if app.styleSheet() != sheet:  # it takes a moment a window
        app.setStyle("Fusion")
        app.setPalette(_palette(theme))
        app.setStyleSheet(sheet)


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for target, colour in (
        (role.Window, theme.window),
        (role.WindowText, theme.text),
        (role.Base, theme.surface),
        (role.AlternateBase, theme.raised),
        (role.Text, theme.text),
        (role.Button, theme.raised),
        (role.ButtonText, theme.text),
        (role.ToolTipBase, theme.raised),
        (role.ToolTipText, theme.text),
        (role.PlaceholderText, theme.muted),
        (role.Highlight, theme.accent),
        (role.HighlightedText, theme.on_accent),
        (role.Link, theme.accent),
        (role.Mid, theme.border),
        (role.Dark, theme.border),
        (role.Light, theme.raised),
        (role.Shadow, "#000000"),
    ):
        palette.setColor(target, QColor(colour))
    for target in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, QColor(theme.disabled))
    palette.setColor(QPalette.ColorGroup.Disabled, role.Base, QColor(theme.window))
    return palette


def _style_sheet(theme: Theme, points: float) -> str:
    # A dock whose text is as large as the application's has its title in the size that
    # the platform once proposed.
    return f"""
QToolTip {{ background: {theme.raised}; color: {theme.text};
  border: 1px solid {theme.border}; padding: 4px; }}
QToolBar {{ background: {theme.window}; border: none;
  border-bottom: 1px solid {theme.border}; spacing: 4px; padding: 4px 6px; }}
QStatusBar {{ background: {theme.window}; border-top: 1px solid {theme.border}; }}
QDockWidget {{ font-size: {points + 0.01:g}pt; }}
QDockWidget::title {{ background: {theme.window}; padding: 6px 8px; }}
QPushButton, QToolButton {{ padding: 4px 10px; border-radius: 4px;
  border: 1px solid {theme.border}; background: {theme.raised}; }}
QToolBar QToolButton {{ border: 1px solid transparent; background: transparent; }}
QToolButton:checked {{ background: {theme.surface}; border-color: {theme.accent};
  font-weight: 600; }}
QPushButton:hover, QToolButton:hover {{ border-color: {theme.accent}; }}
QPushButton:focus, QToolButton:focus {{ border: 2px solid {theme.accent};
  padding: 3px 9px; }}
QLineEdit:focus, QPlainTextEdit:focus {{ border: 2px solid {theme.accent};
  padding: 3px 5px; }}
QListView:focus, QTableView:focus, QTreeView:focus, QGraphicsView:focus {{
  border: 2px solid {theme.accent}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {theme.disabled}; }}
QAbstractSpinBox {{ min-height: 22px; }}
QComboBox {{ border: 1px solid {theme.border}; border-radius: 4px;
  background: {theme.raised}; padding: 2px 6px; min-height: 18px; }}
QComboBox:hover {{ border-color: {theme.accent}; }}
QComboBox:focus {{ border: 2px solid {theme.accent}; padding: 1px 5px; }}
QComboBox:disabled {{ color: {theme.disabled}; background: {theme.window}; }}
QComboBox::drop-down {{ border: none; width: 18px; }}
QComboBox::down-arrow {{ image: url("{_icon("down")}");
  width: 12px; height: 12px; }}
QSlider:focus {{ border: 2px solid {theme.accent}; border-radius: 4px; }}
QTabBar::tab:focus {{ color: {theme.accent}; text-decoration: underline; }}
QCheckBox:focus, QRadioButton:focus {{ outline: 2px solid {theme.accent}; }}
QLineEdit:disabled {{ background: {theme.window}; color: {theme.disabled}; }}
QPushButton[primary="true"] {{ background: {theme.accent}; color: {theme.on_accent};
  border-color: {theme.accent}; font-weight: 600; }}
QPushButton[primary="true"]:focus {{ border: 2px solid {theme.text};
  text-decoration: underline; }}
QPushButton[primary="true"]:disabled {{ background: {theme.raised};
  color: {theme.disabled}; border-color: {theme.border}; }}
QLineEdit, QPlainTextEdit {{ padding: 4px 6px; border-radius: 4px;
  border: 1px solid {theme.border}; background: {theme.surface}; }}
QListView, QTableView, QTreeView, QScrollArea {{ border: 1px solid {theme.border};
  background: {theme.surface}; }}
QTreeView::item {{ padding: 3px 4px; }}
QHeaderView::section {{ background: {theme.window}; color: {theme.muted};
  padding: 4px; border: none; border-bottom: 1px solid {theme.border}; }}
#tour-card {{ background: {theme.surface}; border: 2px solid {theme.accent};
  border-radius: 8px; }}
QSplitter::handle {{ background: {theme.border}; }}
QSplitter::handle:horizontal {{ width: 1px; }}
QSplitter::handle:vertical {{ height: 1px; }}
QLabel[role="muted"] {{ color: {theme.muted}; }}
QLabel[role="title"] {{ font-weight: 600; }}
QLabel[role="warning"] {{ color: {theme.warning}; }}
QRadioButton::indicator, QCheckBox::indicator,
QListView::indicator {{ width: 12px; height: 12px;
  border: 1px solid {theme.muted}; background: {theme.surface}; }}
QRadioButton::indicator {{ border-radius: 7px; }}
QCheckBox::indicator, QListView::indicator {{ border-radius: 3px; }}
QRadioButton::indicator:checked, QCheckBox::indicator:checked,
QListView::indicator:checked {{ width: 6px;
  height: 6px; border: 4px solid {theme.accent}; }}
QCheckBox::indicator:checked,
QListView::indicator:checked {{ background: {theme.on_accent}; }}
QRadioButton::indicator:focus, QCheckBox::indicator:focus {{
  border-color: {theme.accent}; }}
QRadioButton::indicator:disabled, QCheckBox::indicator:disabled,
QListView::indicator:disabled {{
  border-color: {theme.border}; }}
"""


def _icon(name: str) -> str:
    return icon_file(name).as_posix()
