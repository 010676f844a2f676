[
  inputs: ["{mix,.formatter}.exs", "{config,lib,test}/**/*.{ex,exs}"],
  # `use Shop.Rules` reads best as a small language of its own.
  locals_without_parens: [rule: 2, rule: 3]
]
