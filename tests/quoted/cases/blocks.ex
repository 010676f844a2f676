not x
f do
  not x
end
fn -> not x end
(not x)
((not x))
((
(a; b)))
()
(())
((unquote_splicing(x)))
f(unquote_splicing(x))
fn -> !x end
((x -> y))
(-> nil)
f do
end
f do
  x -> y
  _ ->
    z
rescue
  e in [A, B] -> e
catch
  :exit, _ -> 1
else
  () -> 2
after
  3
end
fn (a, b) when a > b -> 1; (c) -> c end
fn () -> 1 end
