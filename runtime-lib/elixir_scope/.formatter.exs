[
  inputs: ["{mix,native,.formatter}.exs", "{lib,test,bench}/**/*.{ex,exs}"]
]
