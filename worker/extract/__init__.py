"""Page -> `ExtractedArticle`, and the forms of a URL.

The doors are `page.extract_article`, `urls.clean_url`, `urls.url_key` and
`urls.is_plausible_canonical`; importing the package itself loads nothing.
"""
