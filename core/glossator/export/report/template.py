"""The report's templates, filled in."""


def rendered(template: str, style: str, **values: object) -> str:
    """A page of its own: every value is escaped, the style sheet stands in it."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    from glossator_resources import report_folder

    folder = report_folder()
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sheet = Markup((folder / style).read_text(encoding="utf-8"))
    return environment.get_template(template).render(style=sheet, **values)
