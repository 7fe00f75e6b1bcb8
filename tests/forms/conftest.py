"""The other forms of a page of the invented survey, made once in each language."""

import pytest

import notebook_pages
from betyg.publish.language import available
from page_forms import Made, make


@pytest.fixture(scope="session", params=available())
def made(request, tmp_path_factory) -> Made:
    language = request.param
    folder = tmp_path_factory.mktemp(f"forms-{language}")
    return make(notebook_pages.whole(language), folder, language=language)
